"""The whole suite: on SQLite, then whole sites once, then what touches a store on PostgreSQL with Valkey. Words given are passed to pytest.

    bin/test.py                                  everything
    bin/test.py tests/billing -k caps            the same three rounds, of these tests only
    bin/test.py --only postgres tests/billing    one round

A round that fails ends the run, so that the last line is always pytest's own summary.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import stores  # noqa: E402
from tests.rounds import STORES_ALONE, WHOLE_SITE  # noqa: E402

ROUNDS = {
    "sqlite": ("SQLite, no Redis", STORES_ALONE),
    "site": ("whole sites, with the real model", WHOLE_SITE),
    "postgres": ("PostgreSQL and Valkey", STORES_ALONE),
}
WORKERS = {"sqlite": "6", "site": "3", "postgres": "4"}  # that keep two cores busy, with what works beside them
# Stores are chosen below. And a round is fifty processes: each would compile every module again where bytecode may not be kept.
NOT_OURS = {"DATABASE_URL", "REDIS_URL", "PYTHONDONTWRITEBYTECODE"}
NOTHING_COLLECTED = 5
UNWIND_S = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=ROUNDS, help="run one round")
    options, words = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and what they start: tests that send it
    folder = stores.temporary_folder()
    try:
        return _run([options.only] if options.only else list(ROUNDS), words, folder)
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(rounds: list[str], words: list[str], folder: Path) -> int:
    """The exit code of the first round that fails, else 0; NOTHING_COLLECTED when no round found a test."""
    codes = []
    for name in rounds:
        codes.append(_round(name, words, folder))
        if codes[-1] not in {0, NOTHING_COLLECTED}:
            return codes[-1]
    return min(codes)


def _round(name: str, words: list[str], folder: Path) -> int:
    title, marked = ROUNDS[name]
    print(f"── {title}", flush=True)
    var = folder / f"var-{name}"
    var.mkdir()
    environment = {key: value for key, value in os.environ.items() if key not in NOT_OURS}
    # Workers wait for much of their time. Tests of one file share a site, and the long files begin (tests/rounds.py).
    how = ["loadfile", "--no-loadscope-reorder"] if name == "site" else ["worksteal"]
    workers = [] if "-n" in words else ["-n", WORKERS[name], "--dist", *how]
    with stores.running(folder) if name == "postgres" else nullcontext({}) as addresses:
        command = [sys.executable, "-m", "pytest", *workers, "-m", marked, *(["--stores-only"] if name == "postgres" else []), *words]
        variables = environment | addresses | {"CLOD_VAR": str(var)}
        ends_with_us = partial(stores.end_with_parent, signal.SIGINT)
        return _finish(subprocess.Popen(command, cwd=ROOT, env=variables, preexec_fn=ends_with_us))  # noqa: PLW1509 -- no threads here


def _finish(pytest: "subprocess.Popen[bytes]") -> int:
    """Wait for a round; when we are interrupted, let it put its things away first."""
    try:
        return pytest.wait()
    except BaseException:
        pytest.send_signal(signal.SIGINT)
        try:
            pytest.wait(UNWIND_S)
        except subprocess.TimeoutExpired:
            pytest.kill()
        raise


if __name__ == "__main__":
    sys.exit(main())
