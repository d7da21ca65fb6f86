"""The ledger's statements on SQLite. ``BEGIN IMMEDIATE`` is the lock: one writer at a time, so rows need none."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connections

from billing.ledger.store import Column, Contended, Fetch, Insert, Lost, Moved, Rejected, Row, Select, StoreError, Update

WAIT_S = 0.5
PAGES_AHEAD = 1000  # of the write-ahead log, before they are brought into the file; other connections wait for eight times as many
BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
REJECTED = {sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_MISUSE}


class SqliteStore:
    def __init__(self) -> None:
        wrapper: Any = connections["default"]
        params = wrapper.get_connection_params()
        try:
            self._connection = sqlite3.connect(
                params["database"], timeout=WAIT_S, isolation_level=None, check_same_thread=False, uri=params["uri"]
            )
            for command in filter(None, map(str.strip, wrapper.init_commands)):
                self._connection.execute(command)
            self._connection.execute(f"PRAGMA wal_autocheckpoint={PAGES_AHEAD}")
        except sqlite3.Error as error:
            raise Lost(str(error)) from error

    @contextmanager
    def transaction(self, *, hurry: bool = False) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
            self._roll_back()
            raise _named(error) from error
        except BaseException:
            self._roll_back()
            raise

    def select(self, statement: Select, keys: Sequence[Row]) -> Fetch:
        found = self._connection.execute(_select(statement), [json.dumps([[_plain(value) for value in key] for key in keys])])
        readers = [(place, READERS[kind]) for place, (_, kind) in enumerate(statement.columns) if kind in READERS]
        return lambda: [_read(row, readers) for row in found]

    def insert(self, statement: Insert, rows: Sequence[Row]) -> None:
        self._connection.executemany(_insert(statement), [[_plain(value) for value in row] for row in rows])

    def update(self, statement: Update, rows: Sequence[Row]) -> None:
        key_last = [[_plain(value) for value in (*row[1:], row[0])] for row in rows]
        changed = self._connection.executemany(_update(statement), key_last).rowcount
        if statement.guard and changed != len(rows):
            raise Moved

    def close(self) -> None:
        self._connection.close()

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.rollback()


def _named(error: Exception) -> StoreError:
    """By SQLite's primary result code; what Python itself refuses to bind is rejected as well."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in BUSY:
        return Contended(str(error))
    if code is None or code & 0xFF in REJECTED:
        return Rejected(str(error))
    return Lost(str(error))


def _plain(value: Any) -> Any:
    """As Django's SQLite backend keeps it: identifiers in hex, instants as text in UTC."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    return value


READERS: dict[str, Callable[[Any], Any]] = {
    "uuid": lambda text: UUID(hex=text),
    "timestamptz": lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
    "boolean": bool,
}


def _read(row: Row, readers: list[tuple[int, Callable[[Any], Any]]]) -> Row:
    values = list(row)
    for place, read in readers:
        if values[place] is not None:
            values[place] = read(values[place])
    return tuple(values)


@cache
def _select(statement: Select) -> str:
    names = ", ".join(column.name for column in statement.key)
    picks = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(statement.key)))
    key = names if len(statement.key) == 1 else f"({names})"
    columns = ", ".join(column.name for column in statement.columns)
    return f"SELECT {columns} FROM {statement.source} WHERE {key} IN (SELECT {picks} FROM json_each(?))"


@cache
def _insert(statement: Insert) -> str:
    names = ", ".join(f'"{column.name}"' for column in statement.columns)
    conflict = "ON CONFLICT DO NOTHING" if statement.if_missing else ""
    return f'INSERT INTO "{statement.table}" ({names}) VALUES ({_marks(statement.columns)}) {conflict}'


@cache
def _update(statement: Update) -> str:
    sets = [f"{name} = {name} + ?" for name, _ in statement.add] + [f"{name} = ?" for name, _ in statement.put]
    return f'UPDATE "{statement.table}" AS t SET {", ".join(sets)} WHERE {statement.key.name} = ? AND {statement.guard or "TRUE"}'


def _marks(columns: tuple[Column, ...]) -> str:
    return ", ".join("?" * len(columns))
