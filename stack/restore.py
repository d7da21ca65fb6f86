"""``make restore-drill``: a backup is taken while clients call, everything is destroyed, a new stack is made of it and the secrets.

Prints one line a fact and exits 1 when one is not as it should be. Listens on PORT (8250) and the nine after it.
"""

import json
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.faults import report
from benchmarks.faults.__main__ import stack_room
from benchmarks.faults.room import Room
from benchmarks.programs import python
from stack import topology
from tests import stores

SWEPT_WITHIN_S, POLL_S = 150, 2
TOLD = {"CLOD_UPSTREAM_DEADLINE_S": "15"}  # holds of running calls expire a minute after that
SECRET = "sk-a-provider-key-that-was-saved-in-the-admin"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = stores.temporary_folder()
    try:
        return _drill(folder)
    finally:
        for name in ("before", "after"):
            topology.forget(folder / name)
        shutil.rmtree(folder, ignore_errors=True)


def _drill(folder: Path) -> int:
    file, kept = folder / "clod.backup", folder / "secrets.json"
    with stack_room(folder / "before", TOLD) as room:
        ask(room, "provider", SECRET)
        outcome = room.suffer("backup", lambda room: _backed_up(room, file))
        key = room.key
    _say(outcome.told, *report.lost(outcome))
    shutil.copy(folder / "before" / "secrets.json", kept)
    topology.forget(folder / "before")
    (folder / "after").mkdir(mode=0o700)
    shutil.copy(kept, folder / "after" / "secrets.json")
    began = time.monotonic()
    with stack_room(folder / "after", TOLD, prepare=lambda room: _restored(room, file)) as room:
        _say(f"everything destroyed; restored, migrated and serving after {time.monotonic() - began:.0f} s")
        room.key = key
        facts = ask(room, "facts", SECRET)
        _say(f"{facts['requests']:,} requests, {facts['open']} open holds of running calls, the saved provider key {facts['provider']}")
        swept_s = _until_swept(room)
        _say(f"those holds are settled by the sweeper {swept_s:.0f} s later; {python(room.variables, 'manage.py', 'ledger_check')}")
        served = room.suffer("after", lambda _: "calls with the API key of before")
        _say(f"{served.ended('answered'):,} of {len(served.notes):,} calls answered with the API key of before", *report.lost(served))
    is_right = facts["provider"] == "opens" and facts["open"] > 0 and served.ended("answered") > 0
    return not (is_right and not report.lost(outcome) and not report.lost(served))


def _say(*facts: str) -> None:
    print("\n".join(facts), flush=True)


def _until_swept(room: Room) -> float:
    """By the worker, when the holds have expired; nobody turns a clock."""
    began = time.monotonic()
    while ask(room, "facts", SECRET)["open"]:
        if time.monotonic() - began > SWEPT_WITHIN_S:
            raise SystemExit(f"holds of before the backup are still open after {SWEPT_WITHIN_S} s")
        time.sleep(POLL_S)
    return time.monotonic() - began


def _backed_up(room: Room, file: Path) -> str:
    began = time.monotonic()
    said = python(room.variables, "manage.py", "backup", str(file))
    return f"backup under load in {time.monotonic() - began:.1f} s: {said.rpartition('/')[2]}"


def _restored(room: Room, file: Path) -> None:
    python(room.variables, "manage.py", "restore", str(file))
    python(room.variables, "manage.py", "migrate", "--verbosity", "0")


def ask(room: Room, *words: str) -> dict[str, Any]:
    return dict(json.loads(python(room.variables, "-m", "stack.witness", *words)))


if __name__ == "__main__":
    sys.exit(main())
