"""The ledger's statements on PostgreSQL: arrays, row locks in key order, pipeline mode."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from typing import Any

import psycopg
from django.db import connections

from billing.ledger.store import Column, Contended, Fetch, Insert, Locked, Lost, Rejected, Row, Select, StoreError, Update

SESSION = (
    "SET application_name = 'clod ledger'",
    "SET timezone = 'UTC'",
    "SET lock_timeout = 1000",  # other processes' batches are waited for; a row somebody sits on is not
    "SET statement_timeout = 5000",
    # Every statement finds rows by key. A plan made while a table was small must not scan it once it is large.
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET jit = off",
    # An answer means "on disk", whatever the server's default is; a default that waits for standbys, too, stays.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)
AWAY = {"08", "53", "57", "58"}  # connection, out of resources, operator, system
READ_ONLY = "25006"  # a standby, during a failover
DEADLOCK = "40"  # or a serialization failure
HURRY = "SET LOCAL lock_timeout = 100"
LOCKED = {"55P03", "57014"}  # lock not available, statement timed out


class PostgresStore:
    def __init__(self) -> None:
        params = connections["default"].get_connection_params()
        for ours in ("cursor_factory", "context", "prepare_threshold"):
            params.pop(ours, None)
        try:
            self._connection = psycopg.connect(**params, autocommit=True, prepare_threshold=2)
            self._connection.execute(";".join(SESSION))
            self._connection.autocommit = False
        except psycopg.Error as error:
            raise Lost(str(error)) from error

    @contextmanager
    def transaction(self, *, hurry: bool = False) -> Iterator[None]:
        try:
            with self._trips():
                if hurry:
                    self._connection.execute(HURRY)
                yield
                self._connection.commit()
        except (psycopg.Error, UnicodeEncodeError) as error:
            self._roll_back()
            raise self._named(error) from error
        except BaseException:
            self._roll_back()
            raise

    def _trips(self) -> AbstractContextManager[Any]:
        """Statements are sent together, up to the next one whose rows are looked at."""
        return self._connection.pipeline()

    def select(self, statement: Select, keys: Sequence[Row]) -> Fetch:
        return self._execute(_select(statement), keys).fetchall

    def insert(self, statement: Insert, rows: Sequence[Row]) -> None:
        self._execute(_insert(statement), rows)

    def update(self, statement: Update, rows: Sequence[Row]) -> Callable[[], int]:
        cursor = self._execute(_update(statement), rows)
        return lambda: len(cursor.fetchall())

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()

    def _execute(self, sql: str, rows: Sequence[Row]) -> psycopg.Cursor[Row]:
        return self._connection.cursor().execute(sql, [list(column) for column in zip(*rows, strict=True)])

    def _roll_back(self) -> None:
        with suppress(psycopg.Error):
            self._connection.rollback()

    def _named(self, error: Exception) -> StoreError:
        """By SQLSTATE. Trouble on the wire has none and is operational; what Python cannot encode has none either, and is rejected."""
        state = getattr(error, "sqlstate", None) or ""
        on_the_wire = isinstance(error, psycopg.OperationalError) and not state and not isinstance(error, psycopg.errors.PipelineAborted)
        if state in LOCKED:
            return Locked(str(error))
        if state[:2] == DEADLOCK:
            return Contended(str(error))
        if on_the_wire or self._connection.closed or state[:2] in AWAY or state == READ_ONLY:
            return Lost(str(error))
        return Rejected(str(error))


@cache
def _select(statement: Select) -> str:
    names = [column.name for column in statement.key]
    order = ", ".join(names)
    lock = f"FOR {statement.lock} OF t" if statement.lock else ""
    return (
        f"SELECT {', '.join(column.name for column in statement.columns)} FROM {statement.source} "
        f"WHERE {_found(statement.key)} ORDER BY {order} {lock}"
    )


def _found(key: tuple[Column, ...]) -> str:
    if len(key) == 1:
        return f"{key[0].name} = ANY(%b::{key[0].kind}[])"
    return f"({', '.join(column.name for column in key)}) IN (SELECT * FROM {_arrays(key)})"


@cache
def _insert(statement: Insert) -> str:
    names = ", ".join(f'"{column.name}"' for column in statement.columns)
    conflict = "ON CONFLICT DO NOTHING" if statement.if_missing else ""
    return f'INSERT INTO "{statement.table}" ({names}) SELECT * FROM {_arrays(statement.columns)} {conflict}'


@cache
def _update(statement: Update) -> str:
    sets = [f"{name} = t.{name} + v.{name}" for name, _ in statement.add] + [f"{name} = v.{name}" for name, _ in statement.put]
    given = (statement.key, *statement.add, *statement.put)
    return (
        f'UPDATE "{statement.table}" AS t SET {", ".join(sets)} FROM {_arrays(given)} AS v({", ".join(name for name, _ in given)}) '
        f"WHERE t.{statement.key.name} = v.{statement.key.name} AND {statement.where} RETURNING 1"
    )


def _arrays(columns: tuple[Column, ...]) -> Any:
    return f"unnest({', '.join(f'%b::{column.kind}[]' for column in columns)})"
