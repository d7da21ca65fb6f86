"""The same buckets in Redis, for all processes: one script, one round trip, Redis' own clock.

While a round trip is under way the draws that come in wait for the next one, which takes them all: alone a call waits for
nobody, under load one script run serves many. What nobody waits for is added up, and goes with the next one or after a moment by itself.
Redis has 50 ms; when it does not answer, nobody waits for it for a second.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import msgspec
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from clod_site.lib import clock, loops
from projects.buckets import FULL_S, Draw, Verdict

log = logging.getLogger("clod.limits")

ANSWERS_WITHIN_S = 0.05
RETRY_AFTER_S = 1.0
LATER_S = 0.02
MOST_AT_ONCE = 100  # draws of one trip, and buckets of one draw that nobody waits for
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


Told = Callable[[Draw, Verdict], None]


class SharedBuckets:
    """Draws from the buckets in one Redis. Belongs to the event loop it is first used on. ``told`` hears the verdicts of what nobody
    waits for."""

    def __init__(self, url: str, told: Told = lambda _, __: None) -> None:
        self._told = told
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=RETRY_AFTER_S, socket_connect_timeout=RETRY_AFTER_S)
        self._script = self._redis.register_script(SCRIPT)
        self._waiting: deque[tuple[Draw, asyncio.Future[Verdict]]] = deque()
        self._given_back, self._owed = _Sums(), _Sums()  # what nobody waits for
        self._sender: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        self._retry_at = 0.0
        self._is_away = self._is_urgent = False

    async def draw(self, draw: Draw) -> Verdict:
        """Raises Away, at once when Redis was found away less than a second ago."""
        if self._is_away:
            self._look_again()
            raise Away
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((draw, future))
        self._is_urgent = True
        self._start_sending()
        return await future

    def draw_later(self, draw: Draw) -> None:
        """Draw it whether it fits or not. Nobody waits for it, and while Redis is away it is forgotten."""
        if self._is_away:
            self._look_again()
            return
        for name, per_minute, amount in zip(draw.names, draw.per_minute, draw.amounts, strict=True):
            if amount:
                sums = self._owed if amount > 0 else self._given_back
                before = sums.get(name)
                sums[name] = per_minute, amount + before[1] if before else amount
        self._send_later()

    def _is_sending(self) -> bool:
        return self._sender is not None and not self._sender.done()

    def _has_some(self) -> bool:
        return bool(self._given_back or self._owed or self._waiting)

    def _send_later(self) -> None:
        if self._later is None and self._has_some() and not self._is_sending():
            self._later = loops.running().call_later(LATER_S, self._start_sending)

    def _start_sending(self) -> None:
        if self._later:
            self._later.cancel()
            self._later = None
        if not self._is_sending():
            self._sender = asyncio.create_task(self._send())
            self._sender.add_done_callback(lambda _: self._send_later())

    async def _send(self) -> None:
        """All that waits; and again, if meanwhile somebody has come who waits for it."""
        self._is_urgent = True
        while self._is_urgent:
            owed = self._take_owed()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            self._is_urgent = bool(self._waiting)
            try:
                verdicts = _verdicts(await self._ask([*owed, *(draw for draw, _ in batch)]))
            except Exception as error:  # whatever it is, somebody waits for an answer
                self._lost(error, [future for _, future in batch])
            else:
                for draw, verdict in zip(owed, verdicts, strict=False):
                    self._told(draw, verdict)
                for (_, future), verdict in zip(batch, verdicts[len(owed) :], strict=True):
                    if not future.done():  # its caller may have left
                        future.set_result(verdict)

    def _take_owed(self) -> list[Draw]:
        """What nobody waits for, as draws that are not refused. What is given back comes first: of an empty bucket nothing is."""
        draws = self._given_back.draws() + self._owed.draws()
        self._given_back, self._owed = _Sums(), _Sums()
        return draws

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
        self._take_owed()
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
        """Send what waits for somebody to take it along, and let go of Redis."""
        while self._has_some() or self._is_sending():
            self._start_sending()
            if self._sender and not (await asyncio.wait([self._sender], timeout=RETRY_AFTER_S))[0]:
                break
        await self._redis.aclose()


class _Sums(dict[str, tuple[int, int]]):
    """By bucket: what it has a minute, and what is drawn from it."""

    def draws(self) -> list[Draw]:
        names, rates, amounts = tuple(self), tuple([rate for rate, _ in self.values()]), tuple([drawn for _, drawn in self.values()])
        parts = [slice(start, start + MOST_AT_ONCE) for start in range(0, len(names), MOST_AT_ONCE)]
        return [Draw(names[part], rates[part], amounts[part], forced=True) for part in parts]


def _verdicts(packed: bytes) -> list[Verdict]:
    return [
        Verdict(tuple(fill / MICRO for fill in fills), refused - 1 if refused else None, wait / MICRO if refused else 0.0)
        for refused, wait, fills in _said.decode(packed)
    ]


_said = msgspec.msgpack.Decoder(list[tuple[int, int, list[int]]])
