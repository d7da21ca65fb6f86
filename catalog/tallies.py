"""Percentiles of what has been measured lately, in constant memory. Pure; seconds are those of the wall clock, which processes share.

A measurement falls into one of logarithmic buckets 4 % wide, so a percentile is right to 2 %. It counts half as much ten
minutes later: instead of fading what is old, what is new is written down with a greater weight, which doubles every ten
minutes (forward decay, Cormode et al. 2009). Percentiles ask for proportions only, so nothing has to be touched while time
passes, and tallies of several processes are added up bucket by bucket. Weights are relative to the beginning of a window of
six hours; what an earlier window holds counts 2⁻³⁶ as much.
"""

import math
from collections.abc import Iterable

TTFT, RATE = "ttft", "rate"  # milliseconds to the first token; tokens per second
HALF_LIFE_S = 600.0
WINDOW_S = 6 * 3600
FADE: float = 2.0 ** (-WINDOW_S / HALF_LIFE_S)
LOWEST, HIGHEST = 0.001, 1e9
STEP = math.log(1.04)

Field = tuple[int, str, int]  # endpoint id, quantity, bucket
Weights = dict[Field, float]


def bucket(value: float) -> int:
    return round(math.log(min(max(value, LOWEST), HIGHEST)) / STEP)


def middle(number: int) -> float:
    """The value a bucket stands for."""
    return math.exp(number * STEP)


def window_of(now: float) -> int:
    return int(now // WINDOW_S)


def weight_at(now: float) -> float:
    """What a measurement counts, relative to one at the beginning of its window: 1 to 2³⁶."""
    return math.exp2(now % WINDOW_S / HALF_LIFE_S)


class Tallies:
    """Weights by endpoint, quantity and bucket, and when each endpoint was measured last."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.seen_at: dict[int, float] = {}
        self._weights: dict[tuple[int, str], dict[int, float]] = {}

    def advance(self, window: int) -> None:
        """Go on in a later window."""
        if window > self.window:
            fade = FADE ** (window - self.window)
            for buckets in self._weights.values():
                for number in buckets:
                    buckets[number] *= fade
            self.window = window

    def add(self, fields: Iterable[tuple[Field, float]], fade: float = 1.0) -> None:
        for (endpoint, quantity, number), weight in fields:
            buckets = self._weights.setdefault((endpoint, quantity), {})
            buckets[number] = buckets.get(number, 0.0) + weight * fade

    def seen(self, endpoint: int, at: float) -> None:
        self.seen_at[endpoint] = max(at, self.seen_at.get(endpoint, at))

    def percentile(self, endpoint: int, quantity: str, share: float) -> float | None:
        """The value that ``share`` (0…1) of the measurements stay at or below; None when there are none."""
        buckets = self._weights.get((endpoint, quantity))
        if not buckets:
            return None
        rest = share * sum(buckets.values())
        for number in sorted(buckets):
            rest -= buckets[number]
            if rest <= 1e-12:
                return middle(number)
        return middle(max(buckets))

    def forget(self, endpoint: int) -> None:
        self.seen_at.pop(endpoint, None)
        for quantity in (TTFT, RATE):
            self._weights.pop((endpoint, quantity), None)
