"""The same buckets in Redis, for all processes: one script, one round trip, Redis' own clock.

While a round trip is under way the draws that come in wait for the next one, which takes them all: alone a call waits for
nobody, under load one script run serves many. Redis has 50 ms; when it does not answer, nobody waits for it for a second.
"""

import asyncio
import logging
from collections import deque

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from clod_site.lib import clock
from projects.buckets import FULL_S, Draw, Verdict

log = logging.getLogger("clod.limits")

ANSWERS_WITHIN_S = 0.05
RETRY_AFTER_S = 1.0
MOST_AT_ONCE = 100
MICRO = 1_000_000
PREFIX = "clod:rate:"

# The draws come as one packed list, and the verdicts go as one: an argument for each number would cost the client ten times as much.
SCRIPT = f"""
local time = redis.call('TIME')
local now = time[1] * {MICRO} + time[2]
local full = {FULL_S * MICRO:.0f}
local said = {{}}
for number, draw in ipairs(cmsgpack.unpack(ARGV[1])) do
  local names, rates, amounts, forced = draw[1], draw[2], draw[3], draw[4]
  local before, after, refused, wait = {{}}, {{}}, 0, 1
  for i, name in ipairs(names) do
    before[i] = math.max((tonumber(redis.call('GET', '{PREFIX}' .. name)) or 0) - now, 0)
    after[i] = math.max(before[i] + amounts[i] * full / rates[i], 0)
    if amounts[i] ~= 0 and after[i] - full > wait then refused, wait = i, after[i] - full end
  end
  if refused > 0 and not forced then
    after = before
  else
    refused = 0
    for i, name in ipairs(names) do
      local left = math.ceil(after[i] / 1000)
      if left > 0 then
        redis.call('SET', '{PREFIX}' .. name, string.format('%.0f', now + after[i]), 'PX', left)
      elseif before[i] > 0 then
        redis.call('DEL', '{PREFIX}' .. name)
      end
    end
  end
  for i = 1, #names do after[i] = math.floor(after[i]) end
  said[number] = {{refused, math.floor(wait), after}}
end
return cmsgpack.pack(said)
"""


class Away(Exception):
    """Redis does not answer."""


class SharedBuckets:
    """Draws from the buckets in one Redis. Belongs to the event loop it is first used on."""

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=RETRY_AFTER_S, socket_connect_timeout=RETRY_AFTER_S)
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
                verdicts = _verdicts(await self._ask([draw for draw, _ in batch]))
            except Exception as error:  # whatever it is, somebody waits for an answer
                self._lost(error, [future for _, future in batch])
            else:
                for (_, future), verdict in zip(batch, verdicts, strict=True):
                    if not future.done():  # its caller may have left
                        future.set_result(verdict)

    async def _ask(self, draws: list[Draw]) -> bytes:
        """Redis has its 50 ms. Where this process was too busy to look, the answer may have come meanwhile, and it looks once more."""
        asking = asyncio.ensure_future(self._script(args=[msgspec.msgpack.encode(draws)]))
        for _ in range(2):
            began = clock.monotonic()
            if (await asyncio.wait([asking], timeout=ANSWERS_WITHIN_S))[0]:
                return bytes(asking.result())
            if clock.monotonic() - began < 1.5 * ANSWERS_WITHIN_S:
                break
        asking.cancel()
        raise TimeoutError

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
        if await self.is_well():
            self._is_away = False
            log.warning("Redis is back; rates are counted together again.")

    async def is_well(self) -> bool:
        """Whether Redis answers within a second. Connects, and has the script read, so that the next draw need not."""
        try:
            async with asyncio.timeout(RETRY_AFTER_S):
                await self._redis.script_load(SCRIPT)
        except (TimeoutError, OSError, RedisError):
            return False
        return True

    async def close(self) -> None:
        await self._redis.aclose()


def _verdicts(packed: bytes) -> list[Verdict]:
    return [
        Verdict(tuple(fill / MICRO for fill in fills), refused - 1 if refused else None, wait / MICRO if refused else 0.0)
        for refused, wait, fills in _said.decode(packed)
    ]


_said = msgspec.msgpack.Decoder(list[tuple[int, int, list[int]]])
