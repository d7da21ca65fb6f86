"""Addresses that send keys which open nothing. After so many a minute they are told 429 instead of 401.

Guessing a key is hopeless (256 random bits); this keeps the noise of trying from the log and tells a broken client to stop.
Counted per process. A good key from the same address goes on working: others may sit behind the same address.
"""

import math

from django.conf import settings

from billing.refusals import InvalidApiKey
from clod_site.lib.refusal import Refusal
from gateway.addresses import neighbourhood
from projects.buckets import Buckets, Draw

MAX_ADDRESSES = 10_000

_strangers = Buckets(most=MAX_ADDRESSES)


class TooManyBadKeys(Refusal):
    status, type, code = 429, "rate_limit_error", "rate_limit_exceeded"

    def __init__(self, wait_s: float) -> None:
        super().__init__(
            "Too many requests with an incorrect API key came from your address. Check the key, then try again after Retry-After.",
            retry_after_s=max(math.ceil(wait_s), 1),
        )


def refused(address: str) -> Refusal:
    """What somebody without a good key is told."""
    limit = settings.CLOD_BAD_KEYS_PER_MINUTE
    verdict = _strangers.draw(Draw((neighbourhood(address),), (limit,), (1,))) if limit else None
    return InvalidApiKey() if verdict is None or verdict.refused_by is None else TooManyBadKeys(verdict.wait_s)


def forget() -> None:
    _strangers.forget()
