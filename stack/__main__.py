"""``make stack``: production's topology on this machine until Ctrl-C. PORT (8000 and the four after it) and CLOD_STACK (var/stack) move it.

What it says is also in stack.json in its folder; ``. var/stack/environment`` lets manage.py work on its data.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from benchmarks.programs import NotReady, environment
from clod_site.embedded import console, lock, probe
from clod_site.embedded.banner import curl
from clod_site.embedded.console import CannotStart, say, step
from clod_site.embedded.model import ModelProcess
from stack import mail, topology
from stack.topology import Program, Stack

ROOT = Path(__file__).resolve().parent.parent
FILES = 10_000  # a web process takes 4,000 connections, and makes as many
READY_S = 60
LOOK_EVERY_S = 0.5
TEND_EVERY = 4


def main() -> int:
    console.set_up()
    folder = Path(os.environ.get("CLOD_STACK") or ROOT / "var" / "stack").resolve()
    port = int(os.environ.get("PORT") or 8000)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with ExitStack() as running:
            _run(folder, port, running)
    except Stopped:
        pass
    except NotReady as reason:
        raise CannotStart(str(reason)) from None
    say("The stack has stopped.")
    return 0


class Stopped(BaseException):
    """A signal to stop has arrived."""


def _stop(number: int, frame: FrameType | None) -> None:
    """Once. Every process has its time limit, so a second signal would only leave some of them running."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def _run(folder: Path, port: int, running: ExitStack) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    running.enter_context(lock.exclusive(folder, f"http://127.0.0.1:{port}"))
    if busy := topology.taken(port):
        raise CannotStart(f"port {busy[0]} is in use by another program. Choose five free ports in a row: make stack PORT={port + 10}")
    _allow_files()
    model = ModelProcess(folder / "logs" / "model.log")
    running.callback(model.stop)
    model.start()
    with step("Local model") as remark:
        url = model.address(READY_S)
        remark(url or "not available; the reason is in logs/model.log")
    stack = Stack(folder, port, **_wishes(), CLOD_EMBEDDED_MODEL_URL=f"{url}/v1" if url else "")
    running.callback(stack.stop)
    running.enter_context(mail.serving(stack.mail_port, stack.mails))
    _start(stack)
    demo = json.loads((folder / "demo.json").read_text())
    _tell(stack, demo)
    running.callback((folder / "stack.json").unlink, missing_ok=True)
    say(_banner(stack, demo))
    _tend(stack)


def _allow_files() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))


def _wishes() -> dict[str, str]:
    """What the shell says about the product is taken over, except where things are: that is what a stack is."""
    where = {"CLOD_STACK", "CLOD_VAR", "CLOD_MODE", "CLOD_BASE_URL", "CLOD_API_URL", "CLOD_EMBEDDED_MODEL_URL"}
    return {name: value for name, value in os.environ.items() if name.startswith("CLOD_") and name not in where}


def _start(stack: Stack) -> None:
    with step("Stores"):
        _up(stack.stores)
    subprocess.run([sys.executable, "-m", "stack.prepare"], env=environment(stack.variables), cwd=ROOT, check=True)
    with step("Worker and beat"):
        _up([stack.worker, stack.beat])
    with step("Web processes") as remark:
        _up(stack.servers)
        if not probe.answers(f"{stack.address}/readyz", READY_S):
            raise NotReady(f"the site is not ready: {stack.webs[0].said()[-2000:]}")
        remark("behind nginx" if stack.proxy else "nginx is not installed: the first one is addressed itself")


def _up(programs: list[Program]) -> None:
    for program in programs:
        program.start()
    for program in programs:
        program.wait_until_ready()


def _tell(stack: Stack, demo: dict[str, str]) -> None:
    facts = demo | {
        "webs": [f"http://127.0.0.1:{port}" for port in stack.web_ports],
        "nginx": bool(stack.proxy),
        "mail": str(stack.mails),
        "environment": str(stack.folder / "environment"),
        "pid": os.getpid(),
    }
    file = stack.folder / "stack.json"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(facts, indent=2) + "\n")


def _tend(stack: Stack) -> None:
    """Until a signal comes: what dies is started again."""
    while True:
        for _ in range(TEND_EVERY):
            time.sleep(LOOK_EVERY_S)
        for kind in stack.tend():
            say(f"{kind} ended by itself and was started again; its last words are in {stack.logs}.")


def _banner(stack: Stack, demo: dict[str, str]) -> str:
    return f"""
The stack is running at {demo["base_url"]}

  Log in    {demo["email"]}  ·  {demo["password"] or "with the password you chose"}
  API key   {demo["api_key"]}
  Mail      {stack.mails}
  Logs      {stack.logs}
  manage.py . {stack.folder / "environment"} && .venv/bin/python manage.py ledger_check

{curl(demo["base_url"], demo["api_key"])}

make acceptance tests it, in another shell. Ctrl-C stops everything.
"""


if __name__ == "__main__":
    sys.exit(main())
