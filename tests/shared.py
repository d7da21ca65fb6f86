"""What is costly to make and the same for all: made once in a run, by the worker that wants it first, while others wait for it."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # not from tests.ground: benchmarks use this file, and keep the folder they are given


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder ``make`` has filled, for all workers of this run: to be read and copied, not written. What ``make`` raises is raised."""
    own = factory.getbasetemp()
    root = own.parent if WORKER else own
    done = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            draft = root / f"{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            make(draft)
            draft.rename(done)
    return done
