"""``make chaos``: processes are killed at random while clients call; afterwards nothing may be missing.

    python -m benchmarks.chaos                    both databases, SECONDS=60 with many kills, as long with few
    python -m benchmarks.chaos --only sqlite      one of them (sqlite, postgres)
    python -m benchmarks.chaos --rates            also authorise + capture per second, on the same databases
    python -m benchmarks.chaos --write            put the tables into docs/money.md
    python -m benchmarks.chaos --lossy            PostgreSQL with commits that are not flushed: the proof that losses are found
    python -m benchmarks.chaos --keep             leave logs, journals and notes, and say where

It listens on loopback only (PORT=8250 and the 29 after it), kills only what it started, and exits 1 when anything was lost.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.chaos import report, trial
from tests import stores

TRIALS: dict[str, Callable[[Path, float], trial.Result]] = {"sqlite": trial.on_sqlite, "postgres": trial.on_postgres}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=TRIALS)
    for name in ("rates", "write", "lossy", "keep"):
        parser.add_argument(f"--{name}", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = stores.temporary_folder()
    trials = {"postgres": partial(trial.on_postgres, lossy=True)} if options.lossy else TRIALS
    try:
        return _run({name: trials[name] for name in trials if options.only in {None, name}}, folder, options)
    finally:
        print(f"Logs and notes are in {folder}.") if options.keep else shutil.rmtree(folder, ignore_errors=True)


def _run(trials: dict[str, Callable[[Path, float], trial.Result]], folder: Path, options: argparse.Namespace) -> int:
    seconds = float(os.environ.get("SECONDS", "60"))
    machine, results = report.machine(), []
    for name, attempt in trials.items():
        print(f"{name}: twice {seconds:.0f} seconds of trouble", file=sys.stderr)
        (folder / name / "var").mkdir(parents=True)
        (folder / name).chmod(0o711)  # PostgreSQL may run as somebody else
        results.append(attempt(folder / name, seconds))
    text = f"{machine}\n\n{report.table(results)}"
    print(text, flush=True)
    if options.write:
        report.write("chaos", text)
    if options.rates:
        rates = _rates(folder)
        if options.write:
            report.write("rates", rates)
    wrong = report.wrong(results)
    for line in wrong:
        print(line, file=sys.stderr)
    return bool(wrong)


def _rates(folder: Path) -> str:
    """What ``python -m benchmarks.ledger`` prints, with a PostgreSQL of its own beside SQLite."""
    with stores.postgres(folder / "rates", settings=()) as address:
        words = [sys.executable, "-m", "benchmarks.ledger"]
        ran = subprocess.run(words, env=os.environ | {"DATABASE_URL": address}, stdout=subprocess.PIPE, text=True, check=True)
    print(ran.stdout)
    return ran.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
