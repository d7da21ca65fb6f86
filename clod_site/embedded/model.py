"""Keeps the local model's process alive: starts it, restarts it when it dies, ends it with the site."""

import logging
import subprocess
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path

from clod_site.lib import clock

log = logging.getLogger("clod.model")

_PROGRAM = Path(__file__).with_name("model_server.py")
_LOG_BYTES = 1_000_000
_BACK_OFF_S = (0.5, 1, 2, 5, 10, 30)
_STEADY_S = 60
_END_S = 3


class ModelProcess:
    """One llama.cpp server on loopback, supervised by a thread. Its address stays the same over restarts."""

    def __init__(self, log_file: Path) -> None:
        log_file.parent.mkdir(parents=True, exist_ok=True)
        self._output = RotatingFileHandler(log_file, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
        self._known = threading.Event()
        self._stopping = threading.Event()
        self._address = ""
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._supervise, name="model", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def address(self, timeout_s: float) -> str:
        """``http://127.0.0.1:PORT`` once the model is loaded; empty when that takes longer than ``timeout_s``."""
        self._known.wait(timeout_s)
        return self._address

    def stop(self) -> None:
        """Close the pipe the process lives on; kill it when it does not end."""
        self._stopping.set()
        process = self._process
        if process is not None:
            _end(process)
        if self._thread.is_alive():
            self._thread.join(_END_S)
        self._output.close()

    def _supervise(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = clock.monotonic()
            status = self._run_once()
            if self._stopping.is_set():
                return
            failures = 0 if clock.monotonic() - began > _STEADY_S else failures
            pause_s = _BACK_OFF_S[min(failures, len(_BACK_OFF_S) - 1)]
            failures += 1
            log.warning("The local model ended (status %s); starting it again in %s s. Its log is var/logs/model.log.", status, pause_s)
            self._stopping.wait(pause_s)

    def _run_once(self) -> int:
        """One life of the process: what it says goes to its log, except the line that tells its address."""
        port = self._address.rpartition(":")[2] or "0"
        with _spawn(port) as process:
            self._process = process
            if self._stopping.is_set():
                _end(process)
            for line in process.stdout or ():
                self._hear(line.rstrip())
        return process.returncode

    def _hear(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "listening":
            self._address = rest
            self._known.set()
        elif line:
            self._output.emit(logging.makeLogRecord({"msg": f"{clock.now():%Y-%m-%d %H:%M:%S} {line}"}))


def _spawn(port: str) -> "subprocess.Popen[str]":
    """In a session of its own: Ctrl-C in the terminal reaches the launcher, which then ends it in order."""
    return subprocess.Popen(  # noqa: S603 - our own program, no shell
        [sys.executable, "-P", str(_PROGRAM), port],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def _end(process: "subprocess.Popen[str]") -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
