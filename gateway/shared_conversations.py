"""Turns of conversations in Redis, so that the next one may come to another process. A hint: without it a turn goes where others go.

A turn is looked for for 20 ms at most. Turns to be kept wait while a round trip is under way, and the next one takes them all.
"""

import asyncio
import logging

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from clod_site.lib import clock, loops
from clod_site.lib.at_hand import settings

log = logging.getLogger("gateway.conversations")

PREFIX = b"clod:turn:"
FOUND_WITHIN_S = 0.02
ANSWERS_WITHIN_S = 1.0
RETRY_AFTER_S = 1.0
MOST_WAITING = 10_000


class _Shared:
    """Belongs to the event loop it is first used on."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, retry=Retry(NoBackoff(), 0), socket_timeout=ANSWERS_WITHIN_S, socket_connect_timeout=ANSWERS_WITHIN_S
        )
        self._waiting: dict[bytes, tuple[int, int]] = {}
        self._sender: asyncio.Task[None] | None = None
        self._away_until = 0.0

    async def find(self, turn: bytes) -> int | None:
        if clock.monotonic() < self._away_until:
            return None
        try:
            async with asyncio.timeout(FOUND_WITHIN_S):
                found = await self._redis.get(PREFIX + turn)
        except (TimeoutError, OSError, RedisError) as error:
            self._lost(error)
            return None
        return int(found) if found else None

    def keep(self, turn: bytes, endpoint_id: int, for_s: int) -> None:
        if clock.monotonic() < self._away_until or len(self._waiting) >= MOST_WAITING:
            return
        self._waiting[turn] = endpoint_id, for_s
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, {}
            pipe = self._redis.pipeline(transaction=False)
            for turn, (endpoint_id, for_s) in batch.items():
                pipe.set(PREFIX + turn, endpoint_id, ex=for_s)
            try:
                await pipe.execute()
            except (OSError, RedisError) as error:
                self._lost(error)

    def _lost(self, error: Exception) -> None:
        """For a second nobody waits for Redis, and nothing is kept there."""
        log.info("A turn of a conversation was not looked up or kept in Redis: %s", str(error) or type(error).__name__)
        self._away_until = clock.monotonic() + RETRY_AFTER_S
        self._waiting.clear()

    async def close(self) -> None:
        """Send what waits, a second at most, and let go of Redis."""
        if self._sender and not self._sender.done():
            await asyncio.wait([self._sender], timeout=ANSWERS_WITHIN_S)
            self._sender.cancel()
        await self._redis.aclose()


_shared = loops.OneEach(lambda: _Shared(settings.REDIS_URL))


async def find(turn: bytes) -> int | None:
    """The endpoint that answered this turn; None when nobody knows, or Redis does not answer."""
    return await _shared.here().find(turn)


def keep(turn: bytes, endpoint_id: int, for_s: int) -> None:
    """Returns at once."""
    _shared.here().keep(turn, endpoint_id, for_s)


async def close() -> None:
    if shared := _shared.taken_away():
        await shared.close()
