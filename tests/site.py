"""A whole site as its own processes, as ``make run`` starts it: real server, real jobs, real model.

    with running_site(tmp_path / "var") as site:
        httpx.get(site.base_url)

The second start in the same folder is the same site: its data and its key are kept.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY = "CLōD is running"
START_TIMEOUT_S = 90
STOP_TIMEOUT_S = 10
MANAGE_TIMEOUT_S = 60
WAIT_S = 20
_NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "CLOD_MODE", "CLOD_BASE_URL", "CLOD_API_URL", "CLOD_EMBEDDED_MODEL_URL")


@dataclass(frozen=True)
class Site:
    """A running site. ``output`` holds everything it printed; ``process`` is the launcher itself."""

    base_url: str
    email: str
    password: str
    api_key: str
    var: Path
    output: Path
    process: "subprocess.Popen[bytes]"


class SiteFailed(AssertionError):
    """The site did not start; the message is what it printed."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_site(var: Path, **env: str) -> Iterator[Site]:
    """Start the site with its data in ``var``, wait for its banner, stop it in the end. ``env`` adds variables (``PORT="8140"``)."""
    var.mkdir(parents=True, exist_ok=True)
    output = var.parent / f"{var.name}.out"
    process = start(var, output, **env)
    try:
        wait_for_banner(process, output)
        demo = json.loads((var / "demo.json").read_text())
        yield Site(**demo, var=var, output=output, process=process)
    finally:
        stop(process)


def start(var: Path, output: Path, **env: str) -> "subprocess.Popen[bytes]":
    """The launcher's process, in a session of its own; it may not answer yet."""
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    variables = inherited | {"CLOD_VAR": str(var), "PORT": str(free_port()), "PYTHONUNBUFFERED": "1"} | env
    with output.open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", "clod_site.embedded"],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for_banner(process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while READY not in output.read_text(errors="replace"):
        if process.poll() is not None:
            raise SiteFailed(f"the site ended with status {process.returncode}:\n{output.read_text(errors='replace')}")
        if time.monotonic() > deadline:
            raise SiteFailed(f"no banner after {START_TIMEOUT_S} s:\n{output.read_text(errors='replace')}")
        time.sleep(0.05)


def stop(process: "subprocess.Popen[bytes]") -> float:
    """Ask the launcher to end; returns how many seconds it took. SiteFailed when it needs more than it promises."""
    began = time.monotonic()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise SiteFailed(f"the site was still running {STOP_TIMEOUT_S} s after SIGTERM") from None
    return time.monotonic() - began


def manage(site: Site, *words: str) -> "subprocess.CompletedProcess[str]":
    """manage.py beside the running site, on its data."""
    variables = os.environ | {"CLOD_VAR": str(site.var)}
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=MANAGE_TIMEOUT_S)


def books_are_clean(site: Site) -> bool:
    checked = manage(site, "ledger_check")
    print(checked.stdout, checked.stderr)
    return checked.returncode == 0


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds within twenty seconds: a call settles after its client has left."""
    deadline = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
