"""Loaded by pytest before Django's settings: a run stands on its own ground, not on the developer's.

Its ``var`` folder is a temporary one, its Redis database is the worker's own, and no variable that steers the
product (``CLOD_…``, provider keys, mail) leaks in from the shell. ``DATABASE_URL`` and ``REDIS_URL`` choose the stores.
"""

import atexit
import os
import re
import shutil
import tempfile
from pathlib import Path

LEAKS = re.compile(r"CLOD_(?!VAR$)\w+|EMAIL_\w+|PORT|\w+_API_KEY|STRIPE_\w+")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")


def _stand() -> None:
    for name in [name for name in os.environ if LEAKS.fullmatch(name)]:
        del os.environ[name]
    if not os.environ.get("CLOD_VAR"):
        os.environ["CLOD_VAR"] = folder = tempfile.mkdtemp(prefix="clod-var-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if WORKER:
        _stand_apart(int(WORKER.removeprefix("gw")))


def _stand_apart(number: int) -> None:
    """Each worker has a folder and a Redis database of its own."""
    folder = Path(os.environ["CLOD_VAR"]) / WORKER
    folder.mkdir(exist_ok=True)
    os.environ["CLOD_VAR"] = str(folder)
    if redis := os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = re.sub(r"/\d*$", "", redis) + f"/{number + 1}"


_stand()
