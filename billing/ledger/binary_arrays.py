"""PostgreSQL's binary format of arrays: a column of a batch as one parameter.

The driver looks at each value to find out what it is, which was two thirds of the ledger's time. Here the column has said it. The format is
that of PostgreSQL's ``array_send``: dimensions, whether there are NULLs, the type of the elements, then each with its length.
"""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NULL = struct.pack("!i", -1)
_length = struct.Struct("!i").pack
_bigint = struct.Struct("!q").pack
_header = struct.Struct("!iiIii").pack
_integers = {bits: struct.Struct(f"!i{letter}").pack for bits, letter in ((16, "h"), (32, "i"), (64, "q"))}


class Kind(NamedTuple):
    """The number of a type, which never changes, and an element of it with its length before it."""

    oid: int
    element: Callable[[Any], bytes]


def _bytes(value: bytes) -> bytes:
    return _length(len(value)) + value


def _text(value: str) -> bytes:
    return _bytes(value.encode())


KINDS = {
    "uuid": Kind(2950, lambda value: b"\0\0\0\x10" + value.bytes),
    "bigint": Kind(20, lambda value: _integers[64](8, value)),
    "integer": Kind(23, lambda value: _integers[32](4, value)),
    "smallint": Kind(21, lambda value: _integers[16](2, value)),
    "timestamptz": Kind(1184, lambda value: _integers[64](8, (value - _EPOCH) // _MICROSECOND)),
    "boolean": Kind(16, lambda value: b"\0\0\0\1\1" if value else b"\0\0\0\1\0"),
    "jsonb": Kind(3802, lambda value: _bytes(b"\1" + value.encode())),
    "bytea": Kind(17, _bytes),
    "text": Kind(25, _text),
}


def pack(kind: str, values: Sequence[Any]) -> bytes:
    """One dimension; None is NULL. Raises UnicodeEncodeError for half a surrogate pair, struct.error for a number that does not fit."""
    oid, element = KINDS[kind]
    has_null = None in values
    elements = [_NULL if value is None else element(value) for value in values] if has_null else map(element, values)
    return _header(1, has_null, oid, len(values), 1) + b"".join(elements)


def pack_bigint(value: int) -> bytes:
    """One alone, not in an array."""
    return _bigint(value)
