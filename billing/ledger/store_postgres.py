"""The ledger's statements on PostgreSQL: arrays, row locks in key order, many statements a trip."""

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import psycopg
from django.db import connections

from billing.ledger.binary_arrays import pack, pack_bigint
from billing.ledger.pipeline import Answer, Pipeline, Refused
from billing.ledger.store import Column, Contended, Fetch, Insert, Locked, Lost, Moved, Rejected, Row, Select, StoreError, Update

SESSION = (
    "SET application_name = 'clod ledger'",
    "SET timezone = 'UTC'",
    "SET lock_timeout = 1000",  # other processes' batches are waited for; a row somebody sits on is not
    "SET statement_timeout = 5000",
    # Every statement finds rows by key. A plan made while a table was small must not scan it once it is large.
    "SET enable_seqscan = off",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET plan_cache_mode = force_generic_plan",  # and one plan is as good for one row as for a hundred
    "SET jit = off",
    # An answer means "on disk", whatever the server's default is; a default that waits for standbys, too, stays.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)
AWAY = {"08", "53", "57", "58"}  # connection, out of resources, operator, system
READ_ONLY = "25006"  # a standby, during a failover
DEADLOCK = "40"  # or a serialization failure
HURRY = "SET LOCAL lock_timeout = 100"
LOCKED = {"55P03", "57014"}  # lock not available, statement timed out
MOVED = "22012"  # division by zero: see _update


class PostgresStore:
    def __init__(self) -> None:
        params = connections["default"].get_connection_params()
        for ours in ("cursor_factory", "context", "prepare_threshold"):
            params.pop(ours, None)
        try:
            self._connection = psycopg.connect(**params, autocommit=True)
            self._connection.execute(";".join(SESSION))
            self._pipeline = Pipeline(self._connection)
        except psycopg.Error as error:
            raise Lost(str(error)) from error

    @contextmanager
    def transaction(self, *, hurry: bool = False) -> Iterator[None]:
        try:
            self._send("BEGIN")
            if hurry:
                self._send(HURRY)
            yield
            self._send("COMMIT")
            self._pipeline.trip()
        except (psycopg.Error, Refused, UnicodeEncodeError, struct.error) as error:
            self._roll_back()
            raise self._named(error) from error
        except BaseException:
            self._roll_back()
            raise

    def select(self, statement: Select, keys: Sequence[Row]) -> Fetch:
        return self._send(_select(statement), _packed(statement.key, keys)).rows

    def insert(self, statement: Insert, rows: Sequence[Row]) -> None:
        self._send(_insert(statement), _packed(statement.columns, rows))

    def update(self, statement: Update, rows: Sequence[Row]) -> None:
        arrays = _packed((statement.key, *statement.add, *statement.put), rows)
        self._send(_update(statement), [*arrays, pack_bigint(len(rows))] if statement.guard else arrays)

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()

    def _send(self, sql: str, parameters: Sequence[bytes] = ()) -> Answer:
        return self._pipeline.send(sql, parameters)

    def _roll_back(self) -> None:
        with suppress(psycopg.Error, Refused):
            self._pipeline.trip()
        with suppress(psycopg.Error, Refused):
            self._send("ROLLBACK")
            self._pipeline.trip()

    def _named(self, error: Exception) -> StoreError:
        """By SQLSTATE. Trouble on the wire has none and is operational; what Python cannot write or read has none and is rejected."""
        state = error.state if isinstance(error, Refused) else ""
        on_the_wire = isinstance(error, psycopg.OperationalError | Refused) and not state
        if state in LOCKED:
            return Locked(str(error))
        if state == MOVED:
            return Moved(str(error))
        if state[:2] == DEADLOCK:
            return Contended(str(error))
        if on_the_wire or self._connection.closed or state[:2] in AWAY or state == READ_ONLY:
            return Lost(str(error))
        return Rejected(str(error))


def _packed(columns: Sequence[Column], rows: Sequence[Row]) -> list[bytes]:
    return [pack(column.kind, values) for column, values in zip(columns, zip(*rows, strict=True), strict=True)]


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
    """Under a guard it ends in a division by zero, and with it the transaction, unless every row was changed."""
    sets = [f"{name} = t.{name} + v.{name}" for name, _ in statement.add] + [f"{name} = v.{name}" for name, _ in statement.put]
    given = (statement.key, *statement.add, *statement.put)
    update = (
        f'UPDATE "{statement.table}" AS t SET {", ".join(sets)} FROM {_arrays(given)} AS v({", ".join(name for name, _ in given)}) '
        f"WHERE t.{statement.key.name} = v.{statement.key.name}"
    )
    if not statement.guard:
        return update
    return f"WITH changed AS ({update} AND {statement.guard} RETURNING 1) SELECT 1 / (count(*) = %b::bigint)::int FROM changed"


def _arrays(columns: tuple[Column, ...]) -> Any:
    return f"unnest({', '.join(f'%b::{column.kind}[]' for column in columns)})"
