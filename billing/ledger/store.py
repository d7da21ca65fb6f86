"""The seam between the ledger and its database: a handful of statement shapes, written once for both.

A statement takes all rows of a batch at once: arrays and ``unnest`` on PostgreSQL, ``json_each`` and ``executemany``
on SQLite. Reads come back as a function that fetches, so that PostgreSQL can be sent several statements in one trip.

StoreError
├── Contended   a deadlock, or a database busy with another writer: the same transaction may succeed now
│   ├── Locked  somebody sits on one of the rows; the others are free
│   └── Moved   rows were not what they were read as
├── Rejected    the database will not take these rows, now or later
└── Lost        the database cannot be reached or written to
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, NamedTuple, Protocol

from django.db import connections, models

Row = tuple[Any, ...]
Fetch = Callable[[], list[Row]]
KINDS = {
    "UUIDField": "uuid",
    "BigIntegerField": "bigint",
    "BigAutoField": "bigint",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "smallint",
    "DateTimeField": "timestamptz",
    "BooleanField": "boolean",
    "JSONField": "jsonb",
    "BinaryField": "bytea",
}


class StoreError(Exception):
    pass


class Contended(StoreError):
    pass


class Locked(Contended):
    pass


class Moved(Contended):
    pass


class Rejected(StoreError):
    pass


class Lost(StoreError):
    pass


class Column(NamedTuple):
    """A column (qualified where the statement joins) and its PostgreSQL type."""

    name: str
    kind: str


class Select(NamedTuple):
    """Rows of the table aliased ``t``, found by ``key``, locked in the order of their keys where ``lock`` is set."""

    columns: tuple[Column, ...]
    source: str
    key: tuple[Column, ...]
    lock: str = ""


class Insert(NamedTuple):
    table: str
    columns: tuple[Column, ...]
    if_missing: bool = False


class Update(NamedTuple):
    """Rows hold the key, then what to add to columns, then what to put into others. A row that does not meet the ``guard`` is not
    changed, and the transaction is not committed: it ends as Moved."""

    table: str
    key: Column
    add: tuple[Column, ...] = ()
    put: tuple[Column, ...] = ()
    guard: str = ""


class Store(Protocol):
    """One connection, used by one thread. Every method raises StoreErrors only."""

    def transaction(self, *, hurry: bool = False) -> AbstractContextManager[None]:
        """Commits at its end. In a hurry, a locked row is hardly waited for."""

    def select(self, statement: Select, keys: Sequence[Row]) -> Fetch: ...

    def insert(self, statement: Insert, rows: Sequence[Row]) -> None: ...

    def update(self, statement: Update, rows: Sequence[Row]) -> None: ...

    def close(self) -> None: ...


def connect() -> Store:
    """A connection of our own to the default database; Lost when it cannot be had."""
    if connections["default"].vendor == "sqlite":
        from billing.ledger.store_sqlite import SqliteStore

        return SqliteStore()
    from billing.ledger.store_postgres import PostgresStore

    return PostgresStore()


@cache
def columns_of(model: type[models.Model], *names: str) -> tuple[Column, ...]:
    """Columns of a model by field name."""
    fields = [model._meta.get_field(name) for name in names]
    return tuple(Column(str(field.column), _kind(field)) for field in fields)  # type: ignore[union-attr]


def _kind(field: Any) -> str:
    while field.remote_field:
        field = field.target_field
    return KINDS.get(field.get_internal_type(), "text")
