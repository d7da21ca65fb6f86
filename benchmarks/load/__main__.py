"""``make bench``: what a call costs. One table in about six minutes; SECONDS=4 of each kind of load, RUNS=5 of them.

    python -m benchmarks.load                     direct, nginx where it is installed, the gateway on both databases and its DRF door
    python -m benchmarks.load --only postgres     direct, nginx and one of: sqlite, postgres, drf
    python -m benchmarks.load --peers             also Portkey's and LiteLLM's gateways, installed under var/peers
    python -m benchmarks.load --json FILE         also every figure of every run
    python -m benchmarks.load --guard             exit status 1 when a ratio is worse than accepted; --accept accepts this run's

Everything listens on loopback (PORT=8250 and the 29 after it) and ends by itself. The gateway has its database flush to disk, holds money
before each call, settles it and writes the request's row; afterwards all calls must be on record and charged once, and ledger_check must
find nothing, or the exit status is 1. Compare the ratios to ``direct`` and ``nginx`` of the same run; the rest is this machine's.
"""

import argparse
import json
import os
import select
import shutil
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.chaos.report import machine
from benchmarks.load import driving, guard, peers, stands
from benchmarks.load.driving import CROWD, EVENTS, PACED, WORDS, drive
from benchmarks.load.stands import Stand
from benchmarks.programs import python
from tests import stores

SECONDS, RUNS = float(os.environ.get("SECONDS", "4")), int(os.environ.get("RUNS", "5"))
IDLE = 1000
Figures = dict[str, float]
COLUMNS = {  # figure: heading, what it is multiplied by, decimals
    "rps": ("requests/s", 1, 0),
    "cpu": ("CPU of one, µs", 1e6, 0),
    "store_cpu": ("and of its database, µs", 1e6, 0),
    "p50": ("alone, p50 ms", 1e3, 2),
    "p99": ("p99 ms", 1e3, 2),
    "first": ("first byte of a stream, p50 ms", 1e3, 2),
    "streams": ("streams/s", 1, 0),
    "stream_cpu": ("CPU of one, µs", 1e6, 0),
    "chunk_cpu": ("CPU of a paced chunk, µs", 1e6, 0),
    "idle_mb": ("memory, MB", 1e-6, 0),
    "held_mb": ("and 1,000 streams, MB", 1e-6, 1),
    "errors": ("errors", 1, 0),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("sqlite", "postgres", "drf"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--guard", action="store_true")
    parser.add_argument("--accept", action="store_true")
    options = parser.parse_args()
    folder = stores.temporary_folder()
    described, found, wrong = machine(), {}, []
    try:
        with stands.upstream(folder) as upstream_port:
            for number, stand in enumerate(_chosen(options.only, with_peers=options.peers)):
                room = folder / str(number)
                room.mkdir()
                with stand(room, upstream_port) as standing:
                    print(f"{standing.name}: {RUNS} runs", file=sys.stderr)
                    found[standing.name] = [_run(standing, is_first=not run) for run in range(RUNS)]
                    wrong += _wrong(standing, found[standing.name])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{described}\n\n{_table(found)}")
    if options.json:
        options.json.write_text(json.dumps({"machine": described, "at": time.strftime("%Y-%m-%d"), "runs": found}, indent=1))
    ours = {name: runs for name, runs in found.items() if name not in peers.NAMES}
    if options.accept and not wrong:
        guard.accept(ours, described)
    if options.guard:
        wrong += guard.worse(ours)
    for line in wrong:
        print(line, file=sys.stderr)
    return bool(wrong)


def _chosen(only: str | None, *, with_peers: bool) -> list[Any]:
    gateways = {
        "postgres": partial(stands.gateway, database="PostgreSQL"),
        "sqlite": partial(stands.gateway, database="SQLite"),
        "drf": partial(stands.gateway, database="PostgreSQL", drf=True),
    }
    between = [stands.nginx] if stands.nginx_program() else []
    others = [peers.portkey, peers.litellm] if with_peers else []
    return [stands.direct, *between, *(stand for name, stand in gateways.items() if only in {None, name}), *others]


def _run(stand: Stand, *, is_first: bool) -> Figures:
    """All kinds of load once. The first is warmed up: a process's first calls import and compile."""
    memory = {}
    if is_first:
        drive(stand, 1, 0.5)
        drive(stand, 1, 0.5, stream=True)
        # Before anything else has made the process larger than it needs to be.
        memory = _memory(stand) if stand.measured and not stand.is_peer else {}
        drive(stand, CROWD, 1.0)
        drive(stand, CROWD, 1.0, stream=True)
    alone, whole = drive(stand, 1, SECONDS / 2), drive(stand, CROWD, SECONDS)
    first, streams = drive(stand, 1, SECONDS / 2, stream=True), drive(stand, CROWD, SECONDS, stream=True)
    paced = drive(stand, PACED, SECONDS, stream=True, words="paced " + WORDS)
    figures = {
        "rps": whole["answers"] / whole["seconds"],
        "cpu": whole["cpu"] / whole["answers"],
        "store_cpu": whole["store_cpu"] / whole["answers"],
        "p50": statistics.median(alone["latencies"]),
        "p99": statistics.quantiles(alone["latencies"], n=100)[98],
        "first": statistics.median(first["first_bytes"]),
        "streams": streams["answers"] / streams["seconds"],
        "stream_cpu": streams["cpu"] / streams["answers"],
        "chunk_cpu": paced["cpu"] / paced["answers"] / EVENTS,
        "answers": sum(load["answers"] for load in (alone, whole, first, streams, paced)),
        "errors": sum(load["errors"] for load in (alone, whole, first, streams, paced)),
    }
    return figures | memory


def _memory(stand: Stand) -> Figures:
    """Resident before, and at most while a thousand streams are open and wait for their second piece."""
    assert stand.measured
    before = most = stand.measured.memory_bytes()
    clients = driving.clients(stand, IDLE, 0.1, stream=True, words="idle " + WORDS)
    while clients.poll() is None and not select.select([clients.stdout], [], [], 0.1)[0]:
        most = max(most, stand.measured.memory_bytes())
    seen = driving.seen_by(stand, clients)
    return {"idle_mb": before, "held_mb": most - before, "held_answers": seen["answers"], "held_errors": seen["errors"]}


def _wrong(stand: Stand, runs: list[Figures]) -> list[str]:
    """What must not be: errors, calls that are not on record or not charged once, money that does not add up."""
    if stand.is_peer:
        return []  # its errors are in the table, and its own
    errors = [run["errors"] + run.get("held_errors", 0) for run in runs]
    wrong = [f"{stand.name}: {count:.0f} errors" for count in errors if count]
    if not stand.variables:
        return wrong
    time.sleep(2)
    books = json.loads(python(stand.variables, "-m", "benchmarks.load.customer", "verdict"))
    least = int(sum(run["answers"] + run.get("held_answers", 0) for run in runs))  # beside these, the warm-up's
    if books["calls"] < least or books["charges"] != books["calls"]:
        wrong.append(f"{stand.name}: {least:,} answers and more, {books['calls']:,} on record, {books['charges']:,} charged")
    return wrong + [f"{stand.name}: {finding}" for finding in books["findings"]]


def _table(found: dict[str, list[Figures]]) -> str:
    rows = [f"| | {' | '.join(heading for heading, _, _ in COLUMNS.values())} |", "|" + "---|" * (len(COLUMNS) + 1)]
    return "\n".join([*rows, *(f"| {name} | {' | '.join(_cell(runs, column) for column in COLUMNS)} |" for name, runs in found.items())])


def _cell(runs: list[Figures], column: str) -> str:
    _, factor, decimals = COLUMNS[column]
    values = [run[column] * factor for run in runs if column in run]
    return f"{statistics.median(values):,.{decimals}f}" if (values and any(values)) or column == "errors" else "–"


if __name__ == "__main__":
    sys.exit(main())
