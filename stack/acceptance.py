"""``make acceptance``: tests/acceptance against the stack that runs, or against one that is started for it and stopped again.

Words given are passed to pytest. CLOD_STACK (var/stack) says where the stack is; PORT where one that is started listens.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_S, STOP_S = 180, 60


def main(words: list[str]) -> int:
    folder = Path(os.environ.get("CLOD_STACK") or ROOT / "var" / "stack").resolve()
    with running(folder) as facts:
        command = [sys.executable, "-m", "pytest", "-m", "acceptance", *(words or ["tests/acceptance"])]
        return subprocess.run(command, cwd=ROOT, env=os.environ | {"ACCEPTANCE_STACK": str(facts)}, check=False).returncode


@contextmanager
def running(folder: Path) -> Iterator[Path]:
    """The file that tells of a running stack in ``folder``."""
    facts = folder / "stack.json"
    if lives(facts):
        print(f"On the stack that runs in {folder}.", flush=True)
        yield facts
        return
    process = subprocess.Popen([sys.executable, "-m", "stack"], cwd=ROOT, start_new_session=True)
    try:
        _wait(process, facts)
        yield facts
    finally:
        process.terminate()
        process.wait(STOP_S)


def lives(facts: Path) -> bool:
    """Whether the process that wrote it is still there; one that was killed leaves the file."""
    try:
        pid = int(json.loads(facts.read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return False
    shown = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False, timeout=10)
    return "-m stack" in shown.stdout


def _wait(process: "subprocess.Popen[bytes]", facts: Path) -> None:
    deadline = time.monotonic() + START_S
    while not (facts.exists() and lives(facts)):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The stack did not start within {START_S} s; what it said is above.")
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
