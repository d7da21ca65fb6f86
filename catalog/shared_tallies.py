"""The tallies of all processes, in Redis: one hash for each window of six hours, one round trip for an exchange.

Fields are ``endpoint:quantity:bucket`` with a weight, and ``endpoint:at`` with the second it was measured last.
"""

from collections.abc import Mapping

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from catalog.tallies import FADE, WINDOW_S, Tallies, Weights

PREFIX = "clod:speed:"
KEPT_S = 2 * WINDOW_S
ANSWERS_WITHIN_S = 1.0
AT = "at"


class SharedTallies:
    """Belongs to one thread. Everything raises RedisError or OSError while Redis is away."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), socket_timeout=ANSWERS_WITHIN_S, socket_connect_timeout=ANSWERS_WITHIN_S
        )

    def exchange(self, weights: Weights, seen_at: Mapping[int, float], window: int) -> Tallies:
        """Add these to the window's, and read everybody's. Sent twice they count twice: it is a hint, not a ledger."""
        key = f"{PREFIX}{window}"
        pipe = self._redis.pipeline(transaction=False)
        for (endpoint, quantity, bucket), weight in weights.items():
            pipe.hincrbyfloat(key, f"{endpoint}:{quantity}:{bucket}", weight)
        for endpoint, at in seen_at.items():
            pipe.hset(key, f"{endpoint}:{AT}", repr(at))
        if weights:
            pipe.expire(key, KEPT_S)
        pipe.hgetall(f"{PREFIX}{window - 1}")
        pipe.hgetall(key)
        *_, before, now = pipe.execute()
        found = Tallies(window)
        _take(found, before, FADE)
        _take(found, now, 1.0)
        return found

    def close(self) -> None:
        self._redis.close()


def _take(found: Tallies, fields: Mapping[bytes, bytes], fade: float) -> None:
    for name, value in fields.items():
        endpoint, quantity, *bucket = name.decode().split(":")
        if quantity == AT:
            found.seen(int(endpoint), float(value))
        else:
            found.add([((int(endpoint), quantity, int(bucket[0])), float(value))], fade)
