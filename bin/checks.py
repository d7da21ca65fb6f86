"""What must be true before anything slow begins; each failure is one sentence that says what to do."""

import importlib.util
import os
import shutil
import socket
import sys
from pathlib import Path

DEFAULT_PORT = 8000
NEW_ENVIRONMENT_BYTES = 1_500_000_000
UPDATE_BYTES = 500_000_000


class CannotInstall(Exception):
    """The message is for the person at the terminal."""


def port() -> int:
    text = os.environ.get("PORT", "").strip() or str(DEFAULT_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CannotInstall("PORT must be a number between 1 and 65535.")
    return int(text)


def port_is_free(number: int) -> None:
    """The site binds the port again later; this spares a busy port's owner the wait for the installation."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            raise CannotInstall(
                f"port {number} cannot be used ({error.strerror}). Choose another one: make run PORT={number + 1}"
            ) from None


def can_install(folder: Path, *, is_new: bool) -> None:
    """A writable folder, room for the packages, and a Python that can make virtual environments."""
    if not os.access(folder, os.W_OK):
        raise CannotInstall(f"the folder {folder} is not writable for you. Clone CLōD into a folder of your own.")
    needed, free = NEW_ENVIRONMENT_BYTES if is_new else UPDATE_BYTES, shutil.disk_usage(folder).free
    if free < needed:
        raise CannotInstall(f"{folder} has {_gigabytes(free)} of free space and {_gigabytes(needed)} are needed. Free some and try again.")
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise CannotInstall(
            f"this Python ({sys.executable}) cannot create virtual environments. "
            f"On Debian and Ubuntu: apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        )


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB"
