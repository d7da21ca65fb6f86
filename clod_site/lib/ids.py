"""Identifiers: UUIDv7 inside (sorted by time), base62 with a prefix outside (``req_1Qx…``)."""

import os
import secrets
import struct
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from django.db import models

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in ALPHABET for second in ALPHABET]
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
UUID_WIDTH = 22
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_RESERVE = struct.Struct("=512Q")  # random numbers fetched at once: each time the system is asked, other threads run in between

_lock = threading.Lock()
_last_ms = 0
_sequence = 0
_random: list[int] = []  # of 64 bits, each used once


def uuid7() -> UUID:
    """A UUIDv7 (RFC 9562, method 1): 48 bits of milliseconds, a 12-bit sequence, 62 random bits.

    Later calls of one process sort after earlier ones: the sequence overflows into the milliseconds.
    """
    global _last_ms, _sequence
    with _lock:
        ms = time.time_ns() // 1_000_000
        if len(_random) < 2:
            _random.extend(_RESERVE.unpack(os.urandom(_RESERVE.size)))
        if ms > _last_ms:
            _last_ms, _sequence = ms, _random.pop() & 0xFF
        else:
            _sequence += 1
            if _sequence > 0xFFF:
                _last_ms, _sequence = _last_ms + 1, 0
        ms, sequence, random = _last_ms, _sequence, _random.pop() >> 2
    return UUID(int=ms << 80 | 0x7 << 76 | sequence << 64 | 0b10 << 62 | random)


def _after_fork() -> None:
    """A child draws numbers of its own."""
    global _random, _lock
    _random, _lock = [], threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def first_at(instant: datetime) -> UUID:
    """The smallest UUIDv7 of an instant's millisecond: a time range is a range of ids."""
    return UUID(int=(instant - _EPOCH) // timedelta(milliseconds=1) << 80)


def instant_of(value: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=value.int >> 80)


def primary_key() -> "models.UUIDField[UUID, UUID]":
    return models.UUIDField(primary_key=True, default=uuid7, editable=False)


@lru_cache(maxsize=4096)  # a call's id is written in its answer, its log and its charge
def base62(number: int, width: int) -> str:
    """``number`` in base62, left-padded to ``width``, so that text sorts as the number does."""
    pairs = []
    while number:
        number, pair = divmod(number, 3844)
        pairs.append(_PAIRS[pair])
    text = "".join(reversed(pairs)).lstrip("0").rjust(width, "0")
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
