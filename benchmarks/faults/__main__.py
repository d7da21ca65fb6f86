"""``make faults``: one part of the stack after the other is broken while clients call.

    python -m benchmarks.faults                        all of them, about eight minutes
    python -m benchmarks.faults --only redis-stopped   some; may be given again
    python -m benchmarks.faults --write                put the tables into docs/faults.md
    python -m benchmarks.faults --keep                 leave logs, journals and notes, and say where

It listens on loopback only (PORT=8250 and the nine after it), breaks only what it started, ends by itself, and exits 1 when a promise was
not kept.
"""

import argparse
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from benchmarks.faults import breaking, disk, drain, report, slow
from benchmarks.faults.room import Deed, Outcome, Room
from stack import topology
from stack.topology import Program, Stack
from tests import stores

FAULTS: dict[str, Deed] = {
    "nothing": breaking.nothing,
    "redis-stopped": breaking.redis_stopped,
    "redis-flushed": breaking.redis_flushed,
    "redis-restarted": breaking.redis_restarted,
    "postgres-killed": breaking.postgres_killed,
    "postgres-away": breaking.postgres_away,
    "jobs-killed": breaking.jobs_killed,
    "web-killed": breaking.web_killed,
    "web-drained": drain.web_drained,
    "half-sent-headers": slow.half_sent_headers,
    "disk-full": disk.disk_full,
}
TOLD = {"CLOD_DRAIN_S": "60", "CLOD_UPSTREAM_DEADLINE_S": "90", "CLOD_LOG_LEVEL": "WARNING"}
TOLD |= {"CLOD_ORGANIZATION_RPM": "0", "CLOD_ORGANIZATION_TPM": "0"}  # what is looked for is trouble, not bounds
TOLD |= {"CLOD_ALLOWED_UPSTREAM_NETWORKS": "127.0.0.0/8"}  # where production does not let operators send calls: the fake upstream is there
FIRST_PORT = int(os.environ.get("PORT", "8250"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=FAULTS, action="append")
    for name in ("write", "keep"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = stores.temporary_folder()
    chosen = {name: FAULTS[name] for name in options.only or FAULTS}
    try:
        return _run(chosen, folder, write=options.write)
    finally:
        if options.keep:
            print(f"Logs and notes are in {folder}.")
        else:
            topology.forget(folder / "stack")
            shutil.rmtree(folder, ignore_errors=True)


def _run(faults: dict[str, Deed], folder: Path, *, write: bool) -> int:
    small = {name: deed for name, deed in faults.items() if name == "disk-full"}
    outcomes = list(_suffered(stack_room(folder / "stack", {}), {name: faults[name] for name in faults if name not in small}))
    left_out = []
    if small:
        try:
            outcomes += _suffered(disk.room(folder, FIRST_PORT), small)
        except PermissionError as reason:
            left_out.append(f"`disk-full` was not tried: a small file system needs root ({reason}).")
    text = report.text(outcomes, left_out)
    print(text, flush=True)
    if write:
        report.write("faults", text)
    wrong = [fact for outcome in outcomes for fact in report.wrong(outcome)]
    for fact in wrong:
        print(fact, file=sys.stderr, flush=True)
    return bool(wrong)


def _suffered(room: AbstractContextManager[Room], faults: dict[str, Deed]) -> Iterator[Outcome]:
    if not faults:
        return
    with room as place:
        for name, deed in faults.items():
            print(f"{name} …", file=sys.stderr, flush=True)
            outcome = place.suffer(name, deed)
            print(*report.rows(outcome), *report.wrong(outcome), sep="\n", file=sys.stderr, flush=True)
            yield outcome


@contextmanager
def stack_room(folder: Path, told: dict[str, str], prepare: Callable[[Room], None] = Room.prepare) -> Iterator[Room]:
    """The topology of ``make stack``, with the fake upstream for a model. ``prepare`` fills its database."""
    stack = Stack(folder, FIRST_PORT, **TOLD | told)
    front = [stack.port if stack.proxy else stack.web_ports[0]]
    room = Room(folder, stack.variables, front, stack.web_ports, FIRST_PORT + topology.PORTS, stack.programs, redis_url=stack.redis_url)
    with ExitStack() as running:
        running.callback(stack.stop)
        _up(stack.stores)
        prepare(room)
        _up(stack.programs[len(stack.stores) :])
        yield room


def _up(programs: list[Program]) -> None:
    for program in programs:
        program.start()
    for program in programs:
        program.wait_until_ready()


if __name__ == "__main__":
    sys.exit(main())
