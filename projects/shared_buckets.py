"""The same buckets in Redis, for all processes: one script, one round trip, Redis' own clock.

While a round trip is under way the draws that come in wait for the next one, which takes them all: alone a call waits for
nobody, under load one script run serves many. Redis has 50 ms; when it does not answer, nobody waits for it for a second.
"""

import asyncio
import logging
from collections import deque

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from clod_site.lib import clock
from projects.buckets import FULL_S, Draw, Verdict

log = logging.getLogger("clod.limits")

ANSWERS_WITHIN_S = 0.05
RETRY_AFTER_S = 1.0
MOST_AT_ONCE = 200
MICRO = 1_000_000
PREFIX = "clod:rate:"

# ARGV of each draw: how many buckets, whether it is forced, then rate and amount of each bucket. Microseconds throughout.
SCRIPT = f"""
local time = redis.call('TIME')
local now = time[1] * {MICRO} + time[2]
local full = {FULL_S * MICRO:.0f}
local said, key, arg = {{}}, 0, 0
while arg < #ARGV do
  local count, forced = tonumber(ARGV[arg + 1]), ARGV[arg + 2] == '1'
  arg = arg + 2
  local before, after, refused, wait = {{}}, {{}}, 0, 1
  for i = 1, count do
    local rate, amount = tonumber(ARGV[arg + 2 * i - 1]), tonumber(ARGV[arg + 2 * i])
    before[i] = math.max((tonumber(redis.call('GET', KEYS[key + i])) or 0) - now, 0)
    after[i] = math.max(before[i] + amount * full / rate, 0)
    if amount ~= 0 and after[i] - full > wait then refused, wait = i, after[i] - full end
  end
  if refused > 0 and not forced then
    after = before
  else
    refused = 0
    for i = 1, count do
      local left = math.ceil(after[i] / 1000)
      if left > 0 then redis.call('SET', KEYS[key + i], string.format('%.0f', now + after[i]), 'PX', left) end
      if left == 0 and before[i] > 0 then redis.call('DEL', KEYS[key + i]) end
    end
  end
  said[#said + 1] = refused
  said[#said + 1] = math.floor(wait)
  for i = 1, count do said[#said + 1] = math.floor(after[i]) end
  key, arg = key + count, arg + 2 * count
end
return said
"""


class Away(Exception):
    """Redis does not answer."""


class SharedBuckets:
    """Draws from the buckets in one Redis. Belongs to the event loop it is first used on."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(
            url, socket_timeout=ANSWERS_WITHIN_S, socket_connect_timeout=ANSWERS_WITHIN_S, retry=Retry(NoBackoff(), 0)
        )
        self._script = self._redis.register_script(SCRIPT)
        self._waiting: deque[tuple[Draw, asyncio.Future[Verdict]]] = deque()
        self._sender: asyncio.Task[None] | None = None
        self._retry_at = 0.0
        self._is_away = False

    async def draw(self, draw: Draw) -> Verdict:
        """Raises Away, at once when Redis was found away less than a second ago."""
        if self._is_away:
            self._look_again()
            raise Away
        return await self._enqueue(draw)

    def _enqueue(self, draw: Draw) -> "asyncio.Future[Verdict]":
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((draw, future))
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        return future

    async def _send(self) -> None:
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            try:
                async with asyncio.timeout(ANSWERS_WITHIN_S):
                    verdicts = _verdicts([draw for draw, _ in batch], await self._run([draw for draw, _ in batch]))
            except (TimeoutError, OSError, RedisError) as error:
                self._lost(error, [future for _, future in batch])
            else:
                for (_, future), verdict in zip(batch, verdicts, strict=True):
                    if not future.done():  # its caller may have left
                        future.set_result(verdict)

    async def _run(self, draws: list[Draw]) -> list[int]:
        keys = [PREFIX + name for draw in draws for name in draw.names]
        said: list[int] = await self._script(keys, [word for draw in draws for word in _words(draw)])
        return said

    def _lost(self, error: Exception, futures: "list[asyncio.Future[Verdict]]") -> None:
        if not self._is_away:
            log.warning("Redis is away (%s); each process counts its own rates until it is back.", str(error) or type(error).__name__)
        self._is_away, self._retry_at = True, clock.monotonic() + RETRY_AFTER_S
        futures += [future for _, future in self._waiting]
        self._waiting.clear()
        for future in futures:
            if not future.done():
                future.set_exception(Away())

    def _look_again(self) -> None:
        """Once a second, behind the callers' backs."""
        if clock.monotonic() >= self._retry_at:
            self._retry_at = clock.monotonic() + RETRY_AFTER_S
            self._probe = asyncio.create_task(self._ping())

    async def _ping(self) -> None:
        try:
            async with asyncio.timeout(RETRY_AFTER_S):
                await self._redis.ping()
        except (TimeoutError, OSError, RedisError):
            return
        self._is_away = False
        log.warning("Redis is back; rates are counted together again.")

    async def close(self) -> None:
        await self._redis.aclose()


def _words(draw: Draw) -> list[int]:
    pairs = zip(draw.per_minute, draw.amounts, strict=True)
    return [len(draw.names), int(draw.forced), *(number for pair in pairs for number in pair)]


def _verdicts(draws: list[Draw], said: list[int]) -> list[Verdict]:
    found, start = [], 0
    for draw in draws:
        end = start + 2 + len(draw.names)
        refused, wait, *fills = said[start:end]
        found.append(Verdict(tuple(fill / MICRO for fill in fills), refused - 1 if refused else None, wait / MICRO if refused else 0.0))
        start = end
    return found
