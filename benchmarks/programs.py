"""Processes that can be killed with all their children at any moment, and started again; where they listen, and whether they are well."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.stores import end_with_parent

START_S, STOP_S = 60, 15
LONGEST_PROGRAM_S = 180
FIRST_PORT = int(os.environ.get("PORT", "8250"))
SITE = "clod_site.serve"
WORKER = ("worker", "-B", "--pool", "solo", "--without-gossip", "--without-mingle")
STEERS = ("CLOD_", "DATABASE_", "REDIS_", "EMAIL_", "STRIPE_")


class NotReady(SystemExit):
    """A process did not come up; the message ends with what it said last."""


@dataclass
class Program:
    """``kind`` is what the table calls it; ``is_ready`` asks whether it does its work; ``user`` whom it runs as, ``folder`` where."""

    kind: str
    command: list[Any]
    log: Path
    is_ready: Callable[["Program"], bool]
    variables: dict[str, str] = field(default_factory=dict)
    user: dict[str, Any] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    folder: Path | None = None
    killed_at: list[float] = field(default_factory=list)  # time.time()
    deaths: int = 0

    def start(self) -> None:
        """From the main thread only: on Linux the process ends with the thread that started it."""
        self.log_begins_at = self.log.stat().st_size if self.log.exists() else 0
        self._is_told = False
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(word) for word in self.command],
                env=environment(self.variables),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, self.stop_signal),  # noqa: PLW1509 -- no threads here
                **self.user,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def family(self) -> list[int]:
        """Its process, and all it has started."""
        return [self.pid, *_children(self.pid)]

    def kill(self) -> None:
        """kill -9, of everything it started too: nobody is left to tidy up."""
        family = self.family()
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        _wait(lambda: not any(map(_is_alive, family)), STOP_S)
        self.killed_at.append(time.time())

    def tend(self) -> None:
        """Start it again if it ended by itself, and count that."""
        if self._process.poll() is not None:
            self.deaths += 1
            self.start()

    def is_running(self) -> bool:
        return hasattr(self, "_process") and self._process.poll() is None

    def tell_to_stop(self) -> None:
        """Once: a second signal means more than the first to some."""
        if self.is_running() and not self._is_told:
            self._process.send_signal(self.stop_signal)
            self._is_told = True

    def stop(self, within_s: float = STOP_S) -> None:
        """In order; with force when that takes too long. Safe when it has ended, or never begun."""
        if not self.is_running():
            return
        self.tell_to_stop()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def wait_until_ready(self) -> None:
        if not _wait(lambda: self._process.poll() is not None or self.is_ready(self), START_S) or self._process.poll() is not None:
            raise NotReady(f"{self.kind} did not come up:\n{self.said()[-2000:]}")

    def said(self) -> str:
        """Its output since it was last started."""
        with self.log.open("rb") as log:
            log.seek(self.log_begins_at)
            return log.read().decode(errors="replace")


def environment(variables: dict[str, str]) -> dict[str, str]:
    """For a program of ours: nothing that steers the product leaks in from the shell."""
    return {name: value for name, value in os.environ.items() if not name.startswith(STEERS)} | variables


def _wait(holds: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _children(pid: int) -> list[int]:
    """All descendants: a database server and a job scheduler put theirs into sessions of their own."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True, timeout=STOP_S).stdout
    parent_of = {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
    found = [pid]
    for known in found:
        found += [child for child, parent in parent_of.items() if parent == known]
    return found[1:]


def _is_alive(pid: int) -> bool:
    """A zombie is dead."""
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=STOP_S)
    return shown.stdout.strip()[:1] not in {"", "Z"}


def python(variables: dict[str, str], *words: str, folder: Path | None = None) -> str:
    """What a Python program of ours, or of the version in ``folder``, printed last."""
    command, variables = [sys.executable, *words], environment(variables)
    ran = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=False, timeout=LONGEST_PROGRAM_S)
    if ran.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{ran.stderr[-2000:]}")
    return (ran.stdout.strip().splitlines() or [""])[-1]


def free_ports(count: int) -> list[int]:
    """Below those the system hands out by itself: a process must find its port free when it is started again."""
    free = [port for port in range(FIRST_PORT, FIRST_PORT + 30) if not listens(port)]
    if len(free) < count:
        raise SystemExit(f"Ports {FIRST_PORT} to {FIRST_PORT + 29} are taken; name others with PORT=.")
    return free[:count]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_well(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def tell_kills(file: Path, programs: Iterable[Program]) -> None:
    """What was killed and when, a line each."""
    file.write_text("".join(f"{program.kind} {at}\n" for program in programs for at in program.killed_at))


def web(port: int, folder: Path, variables: dict[str, str], site: str = SITE) -> Program:
    """A web process of the product; ``folder`` takes its log."""
    return Program("web", [sys.executable, "-m", site, "--port", port], folder / f"web-{port}.log", lambda _: is_well(port), variables)


def worker(folder: Path, variables: dict[str, str]) -> Program:
    """The product's worker with its beat."""
    command = [sys.executable, "-m", "celery", "-A", "benchmarks.worker", *WORKER, "--schedule", folder / "beat"]
    return Program("worker", command, folder / "worker.log", lambda worker: "takes jobs" in worker.said(), variables)
