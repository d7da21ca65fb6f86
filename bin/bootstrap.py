"""First steps on a bare machine: find a Python that is new enough, install what the locks name, start the site.

    python3 bin/bootstrap.py run            what `make run` does
    python3 bin/bootstrap.py install        only install what running needs
    python3 bin/bootstrap.py install dev    also what tests and checks need

Standard library only, and this file parses on any Python 3: an old one must get a sentence, not a syntax error.
"""

import os
import shutil
import sys

OLDEST = (3, 11)
CANDIDATES = ("python3.14", "python3.13", "python3.12", "python3.11")


def main() -> None:
    if sys.version_info < OLDEST:
        _hand_over()
    import installing

    sys.exit(installing.main(sys.argv[1:]))


def _hand_over() -> None:
    """Replace this process by a newer Python of this machine, or say which one is missing."""
    newer = next(filter(None, map(shutil.which, CANDIDATES)), None)
    if newer is None:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"CLōD needs Python 3.11 or newer; this is Python {found}. Install one, or name it: make run PYTHON=/path/to/python3")
    os.execv(newer, [newer, *sys.argv])


if __name__ == "__main__":
    main()
