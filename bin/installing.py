"""Brings ``.venv`` in step with the locks in ``requirements/``, then hands over to the site.

A stamp in ``.venv`` tells which locks are installed; it is written last. A mark tells that the environment is being
changed: whatever interrupts that, the next run makes the environment anew.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import checks
import packages
from checks import CannotInstall

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "clod-installed.json"
LOCK_FILE, MARK = ROOT / "var" / "install.lock", ROOT / "var" / "install.unfinished"
LOCKS: dict[str, list[str]] = {"base": [], "model": ["--no-deps"], "dev": []}


def main(words: list[str]) -> int:
    """Exit status: 0, or 1 after one sentence."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _obey(words)
    except CannotInstall as refusal:
        return _complain(f"CLōD cannot start: {refusal}")
    except OSError as error:  # such as a full disk while we write our own few bytes
        return _complain(f"CLōD cannot start: {error}")
    except KeyboardInterrupt:
        return _complain("Stopped. The next run goes on from here.")


def _obey(words: list[str]) -> int:
    match words:
        case ["run"]:
            ensure(["base", "model"], port=checks.port())
            _start_site()
        case ["install", *more] if set(more) <= set(LOCKS):
            ensure(["base", "model", *more], port=None)
        case _:
            raise CannotInstall("usage: bootstrap.py run | install [dev]")
    return 0


def ensure(names: list[str], port: int | None) -> None:
    """Install the locks that are new or changed; nothing at all when none is. Checks come before anything slow."""
    if not _missing(names):
        return
    if port is not None:
        checks.port_is_free(port)
    checks.can_install(ROOT, is_new=not PYTHON.exists())
    with _alone() as lock:
        if MARK.exists() or not PYTHON.exists():
            _create_environment(lock)
        for name in _missing(names):
            packages.install(PYTHON, ROOT / "requirements" / f"{name}.txt", LOCKS[name], MARK, lock)
            _stamp(name)


def _missing(names: list[str]) -> list[str]:
    if MARK.exists() or not PYTHON.exists():
        return names
    installed = _installed()
    return [name for name in names if installed.get(name) != _digest(name)]


def _installed() -> dict[str, str]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def _digest(name: str) -> str:
    """Of the lock, and of the Python it is installed for."""
    lock = (ROOT / "requirements" / f"{name}.txt").read_bytes()
    return hashlib.sha256(lock + repr(sys.version_info[:2]).encode()).hexdigest()


def _stamp(name: str) -> None:
    draft = STAMP.with_suffix(".draft")
    draft.write_text(json.dumps(_installed() | {name: _digest(name)}, indent=2))
    draft.replace(STAMP)
    MARK.unlink(missing_ok=True)


def _create_environment(lock: int) -> None:
    MARK.touch()
    shutil.rmtree(VENV, ignore_errors=True)
    packages.create_environment(sys.executable, VENV, lock)
    MARK.unlink()


@contextmanager
def _alone() -> Iterator[int]:
    """One installation at a time. pip inherits the lock: should we be killed, it is still held while pip goes on."""
    LOCK_FILE.parent.mkdir(mode=0o700, exist_ok=True)
    with LOCK_FILE.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotInstall("another run is installing in this folder. Wait for it to end, then try again.") from None
        yield file.fileno()


def _start_site() -> None:
    """The same process goes on as the site, so that a signal to make reaches it."""
    os.chdir(ROOT)
    os.execv(PYTHON, [str(PYTHON), "-m", "clod_site.embedded"])


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _complain(text: str) -> int:
    sys.stderr.write(f"\n{text}\n")
    return 1
