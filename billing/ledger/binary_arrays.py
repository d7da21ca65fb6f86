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

Values = Sequence[Any]
Elements = list[bytes]


class Kind(NamedTuple):
    """The number of a type, which never changes, and a column of it: each element with its length before it."""

    oid: int
    elements: Callable[[Values], Elements]


def _integers(letter: str) -> Callable[[Values], Elements]:
    form = struct.Struct(f"!i{letter}")
    size, put = form.size - 4, form.pack
    return lambda values: [_NULL if value is None else put(size, value) for value in values]


def _timestamps(values: Values) -> Elements:
    return _of_64_bits([None if value is None else (value - _EPOCH) // _MICROSECOND for value in values])


def _bytes(values: Values) -> Elements:
    return [_NULL if value is None else _length(len(value)) + value for value in values]


def _texts(values: Values) -> Elements:
    return _bytes([None if value is None else value.encode() for value in values])


_of_64_bits = _integers("q")
KINDS = {
    "uuid": Kind(2950, lambda values: [_NULL if value is None else b"\0\0\0\x10" + value.int.to_bytes(16) for value in values]),
    "bigint": Kind(20, _of_64_bits),
    "integer": Kind(23, _integers("i")),
    "smallint": Kind(21, _integers("h")),
    "timestamptz": Kind(1184, _timestamps),
    "boolean": Kind(16, lambda values: [_NULL if value is None else b"\0\0\0\1" + (b"\1" if value else b"\0") for value in values]),
    "jsonb": Kind(3802, lambda values: _bytes([None if value is None else b"\1" + value.encode() for value in values])),
    "bytea": Kind(17, _bytes),
    "text": Kind(25, _texts),
}


def pack(kind: str, values: Values) -> bytes:
    """One dimension; None is NULL. Raises UnicodeEncodeError for half a surrogate pair, struct.error for a number that does not fit."""
    oid, elements = KINDS[kind]
    packed = elements(values)
    return _header(1, _NULL in packed, oid, len(packed), 1) + b"".join(packed)


def pack_bigint(value: int) -> bytes:
    """One alone, not in an array."""
    return _bigint(value)
