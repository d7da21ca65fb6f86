"""Rates as leaking buckets (GCRA): one number per bucket, no windows whose edges let twice the rate through.

A bucket of 60 a minute is filled by what is drawn and leaks one a second. Its fill is written in seconds until it is
empty, so a full bucket is always 60, whatever its rate; a draw that would fill it beyond that is refused.
"""

import math
from collections.abc import Callable

import msgspec

from clod_site.lib import clock

FULL_S = 60.0
MAX_BUCKETS = 100_000
_ROUNDING_S = 1e-6


class Draw(msgspec.Struct, frozen=True, array_like=True):
    """What one call takes: an amount from each of several buckets, or from none of them when one refuses.

    ``forced`` draws are never refused and may be negative: they correct what was drawn before.
    """

    names: tuple[str, ...]
    per_minute: tuple[int, ...]
    amounts: tuple[int, ...]
    forced: bool = False


class Verdict(msgspec.Struct, frozen=True):
    """The fill of each bucket of a draw, afterwards; and if it was refused, by which and for how many seconds yet."""

    fills_s: tuple[float, ...]
    refused_by: int | None = None
    wait_s: float = 0.0


class Buckets:
    """The buckets of this process. Of too many the emptied ones go, and if that is not enough, all."""

    def __init__(self, now: Callable[[], float] = clock.monotonic, most: int = MAX_BUCKETS) -> None:
        self._now = now
        self._most = most
        self._empty_at: dict[str, float] = {}
        self._learned_at: dict[str, float] = {}

    def draw(self, draw: Draw) -> Verdict:
        now, empty_at = self._now(), self._empty_at
        fills, filled = list[float](), list[float]()
        wait_s, by = _ROUNDING_S, None
        for number, (name, rate, amount) in enumerate(zip(draw.names, draw.per_minute, draw.amounts, strict=True)):
            before = max(empty_at.get(name, 0.0) - now, 0.0)
            after = max(before + amount * FULL_S / rate, 0.0)
            fills.append(before)
            filled.append(after)
            if amount and after - FULL_S > wait_s:
                wait_s, by = after - FULL_S, number
        if by is not None and not draw.forced:
            return Verdict(tuple(fills), by, wait_s)
        self._keep(draw.names, filled, now)
        return Verdict(tuple(filled))

    def learn(self, draw: Draw, verdict: Verdict) -> None:
        """Take over what a store shared with other processes has said, to go on from there without it."""
        now = self._now()
        self._keep(draw.names, verdict.fills_s, now)
        self._learned_at.update(dict.fromkeys(draw.names, now))

    def draw_from_plenty(self, draw: Draw, share: float, within_s: float) -> Verdict | None:
        """Draw if that fills none of its buckets beyond a share, as far as has been learned within so many seconds; None otherwise."""
        now, empty_at, learned_at = self._now(), self._empty_at, self._learned_at
        lately, most = now - within_s, share * FULL_S
        fills = []
        for name, rate, amount in zip(draw.names, draw.per_minute, draw.amounts, strict=True):
            if learned_at.get(name, -math.inf) < lately:
                return None
            before = empty_at[name] - now
            fill = (before if before > 0.0 else 0.0) + amount * FULL_S / rate
            if fill > most:
                return None
            fills.append(fill)
        for name, fill in zip(draw.names, fills, strict=True):
            empty_at[name] = now + fill
        return Verdict(tuple(fills))

    def forget(self) -> None:
        self._empty_at.clear()
        self._learned_at.clear()

    def __len__(self) -> int:
        return len(self._empty_at)

    def _keep(self, names: tuple[str, ...], fills_s: "list[float] | tuple[float, ...]", now: float) -> None:
        if len(self._empty_at) >= self._most:
            self._make_room(now)
        for name, fill in zip(names, fills_s, strict=True):
            self._empty_at[name] = now + fill

    def _make_room(self, now: float) -> None:
        self._empty_at = {name: instant for name, instant in self._empty_at.items() if instant > now}
        if len(self._empty_at) >= self._most:
            self._empty_at.clear()
        self._learned_at.clear()
