"""One site per ``var`` folder: two launchers would write the same files and fight over the same jobs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clod_site.embedded.console import CannotStart


@contextmanager
def exclusive(var: Path, address: str) -> Iterator[None]:
    """Hold ``var/run.lock`` until the block (or the process, however it dies) ends; CannotStart when another one holds it."""
    with (var / "run.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(_held_by(file.read(), var)) from None
        file.truncate(0)
        file.write(f"{os.getpid()} {address}\n")
        file.flush()
        yield


def _held_by(note: str, var: Path) -> str:
    pid, _, address = note.strip().partition(" ")
    who = f"process {pid}, {address}" if address else "it is just starting"
    return f"it is already running on {var} ({who}). Stop that one first, or give this one its own folder and port: CLOD_VAR=… PORT=…"
