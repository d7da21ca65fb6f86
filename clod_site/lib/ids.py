"""Identifiers: UUIDv7 inside (sorted by time), base62 with a prefix outside (``req_1Qx…``)."""

import secrets
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import models

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
UUID_WIDTH = 22
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_lock = threading.Lock()
_last_ms = 0
_sequence = 0


def uuid7() -> UUID:
    """A UUIDv7 (RFC 9562, method 1): 48 bits of milliseconds, a 12-bit sequence, 62 random bits.

    Later calls of one process sort after earlier ones: the sequence overflows into the milliseconds.
    """
    global _last_ms, _sequence
    with _lock:
        ms = time.time_ns() // 1_000_000
        if ms > _last_ms:
            _last_ms, _sequence = ms, secrets.randbits(8)
        else:
            _sequence += 1
            if _sequence > 0xFFF:
                _last_ms, _sequence = _last_ms + 1, 0
        ms, sequence = _last_ms, _sequence
    return UUID(int=ms << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | secrets.randbits(62))


def first_at(instant: datetime) -> UUID:
    """The smallest UUIDv7 of an instant's millisecond: a time range is a range of ids."""
    return UUID(int=(instant - _EPOCH) // timedelta(milliseconds=1) << 80)


def instant_of(value: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=value.int >> 80)


def primary_key() -> "models.UUIDField[UUID, UUID]":
    return models.UUIDField(primary_key=True, default=uuid7, editable=False)


def base62(number: int, width: int) -> str:
    """``number`` in base62, left-padded to ``width``, so that text sorts as the number does."""
    digits = []
    while number:
        number, digit = divmod(number, 62)
        digits.append(ALPHABET[digit])
    text = "".join(reversed(digits)).rjust(width, "0")
    if len(text) > width:
        raise ValueError(f"number needs {len(text)} base62 digits, only {width} are allowed")
    return text


def from_base62(text: str) -> int:
    """The number behind base62 text; ValueError for any other character."""
    number = 0
    for character in text:
        if character not in _VALUES:
            raise ValueError(f"{character!r} is not a base62 digit")
        number = number * 62 + _VALUES[character]
    return number


def public(prefix: str, value: UUID) -> str:
    """What customers see: ``public("req", id) == "req_01CbXfJ…"``."""
    return f"{prefix}_{base62(value.int, UUID_WIDTH)}"


def parse_public(prefix: str, text: str) -> UUID | None:
    """The UUID behind a public identifier, or None when the text is not one."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != UUID_WIDTH:
        return None
    try:
        return UUID(int=from_base62(tail))
    except ValueError:
        return None


def random_base62(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
