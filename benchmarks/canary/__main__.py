"""``make canary``: calls that end in every way in a project with sealed logs, then a search of all that the site has left behind.

Prints a table for SQLite and one for PostgreSQL with Valkey; exits 1 when a canary was found anywhere. With ``--plain`` the project
keeps what is said without sealing it, and the canaries have to be found: the proof that the search can.
"""

import shutil
import sys

from benchmarks.canary import trial
from tests import stores


def main() -> int:
    mode = "plain" if "--plain" in sys.argv[1:] else "sealed"
    folder, total = stores.temporary_folder(), 0
    try:
        for database in ("SQLite", "PostgreSQL"):
            (folder / database).mkdir(mode=0o711)
            result = trial.run(folder / database, database, mode)
            print(f"{database} and Valkey, {mode}; {result.bodies} bodies stored\n\n{table(result)}\n", flush=True)
            total += sum(sum(way.found.values()) for way in result.ways)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return int(bool(total) != (mode == "plain"))


def table(result: trial.Result) -> str:
    head = f"| call | the client heard | with the key | {' | '.join(result.places)} |\n|{'---|' * (3 + len(result.places))}"
    rows = [
        f"| {way.name} | {way.told} | {way.opened} | {' | '.join(str(way.found[place]) for place in result.places)} |"
        for way in result.ways
    ]
    return "\n".join([head, *rows])


if __name__ == "__main__":
    raise SystemExit(main())
