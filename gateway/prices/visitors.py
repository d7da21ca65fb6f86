"""How often an address may ask for prices. Counted per process, and per address (per /64 network for IPv6).

A history that has to be made counts for what it costs: one more for each week of 5-minute prices behind it, and for each 288 steps
(some 70 ms of a processor each, at nine data centers on SQLite).
"""

import math

from django.conf import settings

from catalog.price_book.span import Span
from clod_site.lib.refusal import Refusal
from gateway.addresses import neighbourhood
from projects.buckets import Buckets, Draw

MAX_ADDRESSES = 10_000
SLOTS, POINTS = 7 * 24 * 12, 288

_visitors = Buckets(most=MAX_ADDRESSES)


class TooManyQuestions(Refusal):
    status, type, code = 429, "rate_limit_error", "rate_limit_exceeded"

    def __init__(self, limit: int, wait_s: float) -> None:
        seconds = max(math.ceil(wait_s), 1)
        super().__init__(
            f"Your address has asked for prices {limit} times within a minute; long spans count for more. Try again in {seconds} s. "
            "Prices change every five minutes: Cache-Control says how long to keep an answer.",
            retry_after_s=seconds,
            extra={"limit_per_minute": limit, "limit_of": "this address", "limit_unit": "requests"},
        )


def count(address: str, requests: int = 1) -> None:
    """Refusal for who asks too often. What counts for more than a minute has waits for an empty bucket."""
    limit = settings.CLOD_PRICES_PER_MINUTE
    if limit and requests:
        verdict = _visitors.draw(Draw((neighbourhood(address),), (limit,), (min(requests, limit),)))
        if verdict.refused_by is not None:
            raise TooManyQuestions(limit, verdict.wait_s)


def cost(span: Span) -> int:
    """What a history counts for beside the question itself."""
    return span.slots // SLOTS + span.points // POINTS


def forget() -> None:
    _visitors.forget()
