"""How often an address may ask for prices. Counted per process, and per address (per /64 network for IPv6).

An answer that has to be made for a long span counts for what it costs: one more for every 3.5 days of 5-minute prices it is made of.
"""

import math

from django.conf import settings

from clod_site.lib.refusal import Refusal
from gateway.addresses import neighbourhood
from projects.buckets import Buckets, Draw

MAX_ADDRESSES = 10_000
SLOTS = 84 * 12

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


def forget() -> None:
    _visitors.forget()
