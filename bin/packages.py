"""Runs pip with visible progress, and turns the ways it fails into sentences.

Where packages come from is this machine's pip configuration.
"""

import re
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from checks import CannotInstall
from progress import Progress

LAST_LINES = 12
LOOK_EVERY_S = 0.5
END_S = 5
FLAGS = (
    "--require-hashes",
    "--no-input",
    "--disable-pip-version-check",
    "--progress-bar",
    "off",
    "--retries",
    "2",
    "--root-user-action",
    "ignore",
)
REASONS = (
    ("No space left on device", "There is no space left on the disk. Free some and run the same command again."),
    ("DO NOT MATCH THE HASHES", "A downloaded package is not the one the lock names. Do not go on before you know why."),
    ("ensurepip is not available", "This Python cannot create virtual environments. On Debian and Ubuntu: apt install python3-venv"),
    (
        "Connection|resolution|unreachable|timed out|ProxyError|SSLError|Could not find a version|No matching distribution",
        "The packages could not be downloaded. Check the network and pip's configuration, then run the same command again.",
    ),
)


class Listener:
    """What pip has said so far: its last lines, and where it is in one short remark."""

    def __init__(self, total: int, mark: Path | None) -> None:
        self.tail: deque[str] = deque(maxlen=LAST_LINES)
        self.remark = ""
        self._total, self._mark, self._seen = total, mark, 0

    def hear(self, line: str) -> None:
        self.tail.append(line)
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            self._seen += 1
            self.remark = f"{min(self._seen, self._total)} of {self._total} found"
        elif line.startswith("Installing collected packages"):
            self.remark = "installing"
            if self._mark:
                self._mark.touch()


def install(python: Path, lock: Path, options: Sequence[str], mark: Path, keep_open: int) -> None:
    """Install a hash lock. ``mark`` appears when pip begins to change the environment; the caller removes it when all is well."""
    command = [str(python), "-m", "pip", "install", *FLAGS, *options, "-r", str(lock)]
    _run(f"Packages ({lock.stem})", command, Listener(lock.read_text().count("=="), mark), keep_open)


def create_environment(python: str, folder: Path, keep_open: int) -> None:
    _run("Virtual environment", [python, "-m", "venv", str(folder)], Listener(0, None), keep_open)


def _run(name: str, command: list[str], listener: Listener, keep_open: int) -> None:
    with Progress(name) as progress, _started(command, keep_open) as process:
        reader = threading.Thread(target=_listen, args=(process, listener), daemon=True)
        reader.start()
        try:
            while process.poll() is None:
                progress.show(listener.remark)
                reader.join(LOOK_EVERY_S)
        except BaseException:
            _end(process)
            raise
        reader.join()
        if process.returncode:
            raise CannotInstall(_explained(process.returncode, "\n".join(listener.tail)))


def _started(command: list[str], keep_open: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", pass_fds=(keep_open,))


def _listen(process: "subprocess.Popen[str]", listener: Listener) -> None:
    for line in process.stdout or ():
        listener.hear(line.strip())


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()


def _explained(status: int, last_lines: str) -> str:
    for words, sentence in REASONS:
        if re.search(words, last_lines):
            return f"the installation failed.\n{last_lines}\n\n{sentence}"
    return f"the installation failed (status {status}). pip's last lines:\n{last_lines}"
