"""Two versions of the gateway by turns: ``python -m benchmarks.load.turns REVISION``, or the folder of another version.

A machine that others use is a third faster in one minute than in the next, which hides what a change has brought. Here both versions
stand at once, on the same core and each with a PostgreSQL of its own, and each kind of load is set upon the one and at once upon the
other: ROUNDS=10 of SECONDS=1.5. Prints medians of both, and of the ratio in each turn. The other version runs on this one's packages,
unless its folder has a .venv: so two Pythons can be compared.
"""

import os
import shutil
import statistics
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import versions
from benchmarks.chaos.report import machine
from benchmarks.load import stands
from benchmarks.load.driving import CROWD, EVENTS, PACED, WORDS, drive
from benchmarks.load.stands import Stand
from tests import stores

SECONDS, ROUNDS = float(os.environ.get("SECONDS", "1.5")), int(os.environ.get("ROUNDS", "10"))
Load = dict[str, Any]
KINDS: tuple[tuple[dict[str, Any], dict[str, Callable[[Load], float]]], ...] = (
    (
        {"connections": CROWD},
        {
            "CPU of a call, µs": lambda load: load["cpu"] / load["answers"] * 1e6,
            "and of its database, µs": lambda load: load["store_cpu"] / load["answers"] * 1e6,
        },
    ),
    ({"connections": 1}, {"alone, p50 ms": lambda load: statistics.median(load["latencies"]) * 1e3}),
    ({"connections": 1, "stream": True}, {"first byte of a stream, p50 ms": lambda load: statistics.median(load["first_bytes"]) * 1e3}),
    ({"connections": CROWD, "stream": True}, {"CPU of a stream, µs": lambda load: load["cpu"] / load["answers"] * 1e6}),
    (
        {"connections": PACED, "stream": True, "words": "paced " + WORDS},
        {"CPU of a paced chunk, µs": lambda load: load["cpu"] / load["answers"] / EVENTS * 1e6},
    ),
)


def main(other: str) -> None:
    described, folder = machine(), stores.temporary_folder()
    try:
        with ExitStack() as stack:
            tree = Path(other).resolve() if Path(other).is_dir() else stack.enter_context(versions.checked_out(other))
            port = stack.enter_context(stands.upstream(folder))
            pair = tuple(stack.enter_context(_stand(folder / name, port, at)) for name, at in (("other", tree), ("this", None)))
            found = _turns(pair)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{described} ROUNDS={ROUNDS} SECONDS={SECONDS:g}.\n\n| | {other} | this version | times |\n|---|---|---|---|")
    for name, turns in found.items():
        before, now = (statistics.median(side) for side in zip(*turns, strict=True))
        print(f"| {name} | {before:,.2f} | {now:,.2f} | {statistics.median(mine / theirs for theirs, mine in turns):.3f} |")


def _stand(room: Path, upstream_port: int, tree: Path | None) -> Any:
    room.mkdir()
    return stands.gateway(room, upstream_port, database="PostgreSQL", tree=tree)


def _turns(pair: tuple[Stand, ...]) -> dict[str, list[list[float]]]:
    """By figure: a pair of values for each turn, the other version's first."""
    found: dict[str, list[list[float]]] = {name: [] for _, figures in KINDS for name in figures}
    for round_ in range(-1, ROUNDS):
        for kind, figures in KINDS:
            order = pair if round_ % 2 else pair[::-1]
            loads = {id(stand): drive(stand, seconds=SECONDS, **kind) for stand in order}
            if any(load["errors"] for load in loads.values()):
                raise SystemExit("calls failed, as told above: there is nothing to compare")
            for name, figure in figures.items() if round_ >= 0 else ():
                found[name].append([figure(loads[id(stand)]) for stand in pair])
    return found


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__))
