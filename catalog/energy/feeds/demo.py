"""The demo feed: plausible prices for any instant, computed from typical-week statistics, the same on every machine.

Unit: USD per MWh in the table, micro-USD per MWh out. Clock: UTC, 5-minute intervals. Licence and source of the
statistics: ``catalog/energy/data/README.md``. Not market data: whatever shows these prices says "demo feed".

A price is the percentile curve of its hour of the week, read at a smooth random percentile (four noises of different
periods added up), plus a rare spike. The two quick noises are calm seven times in eight and wild otherwise, as real prices are:
they hardly move for an hour, then leap. All randomness is a hash of node and time, so nothing has to be stored.
"""

import csv
import hashlib
import math
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from statistics import NormalDist

from catalog.energy import tariff
from catalog.energy.feeds import Node, PricePoint

TYPICAL_WEEK = Path(__file__).resolve().parent.parent / "data" / "typical_week.csv"
INTERVAL = timedelta(minutes=5)
HOURS_PER_WEEK = 168
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
Z90 = NormalDist().inv_cdf(0.9)
NOISES = ((1440.0, 0.8), (240.0, 0.45), (45.0, 0.3), (5.0, 0.0675**0.5))  # period in minutes, amplitude; squares add up to 1
SLOW_MIN = 240.0  # nodes of one market share the noises this slow: their weather is the same
QUICK_MIN = 60.0
CALM, WILD_ODDS = 0.3, 1 / 8
WILD = math.sqrt((1 - (1 - WILD_ODDS) * CALM**2) / WILD_ODDS)  # so that the variance stays one
UPPER_TAIL = 1.4
SPIKE_ODDS = 1 / 80  # per node and hour

Curve = tuple[float, float, float]


class DemoFeed:
    """Implements ``catalog.energy.feeds.Feed`` without a network."""

    name = "demo"
    label = "demo feed"
    has_past = True

    def points(self, market_nodes: Collection[Node], start: datetime, end: datetime) -> list[PricePoint]:
        known = sorted(node for node in set(market_nodes) if node in typical_week())
        return [
            PricePoint(*node, instant, instant + INTERVAL, _microusd(price(node, instant)))
            for node in known
            for instant in _intervals(start, end, INTERVAL)
        ]

    def mean(self, market_node: Node, adder: int, start: datetime, end: datetime) -> int | None:
        """Of one sample an hour, which is enough for a mean over weeks."""
        if market_node not in typical_week():
            return None
        days = list(_intervals(start, end, timedelta(days=1)))
        return sum(_day_mean(market_node, adder, day) for day in days) // len(days)


@cache
def typical_week() -> dict[Node, list[Curve]]:
    """10th percentile, median and 90th percentile per node and UTC hour of the week."""
    weeks: dict[Node, list[Curve]] = {}
    with TYPICAL_WEEK.open(newline="") as file:
        for row in csv.DictReader(file):
            curve = (float(row["p10_usd_mwh"]), float(row["median_usd_mwh"]), float(row["p90_usd_mwh"]))
            weeks.setdefault((row["market"], row["node"]), []).append(curve)
    return weeks


def price(node: Node, instant: datetime) -> float:
    """USD per MWh in the interval that begins at ``instant``."""
    minute = (instant - MONDAY).total_seconds() / 60
    curve = _curve(node, minute)
    return _at_percentile(curve, _z(node, minute)) + _spike(node, minute, curve)


def _curve(node: Node, minute: float) -> Curve:
    """The statistics at a minute: straight lines between the middles of the hours, so that no price jumps on the hour."""
    hour = minute / 60 - 0.5
    first = math.floor(hour)
    share = hour - first
    week = typical_week()[node]
    (a, b, c), (d, e, f) = week[first % HOURS_PER_WEEK], week[(first + 1) % HOURS_PER_WEEK]
    return a + (d - a) * share, b + (e - b) * share, c + (f - c) * share


def _at_percentile(curve: Curve, z: float) -> float:
    p10, median, p90 = curve
    if z < 0:
        return median + (median - p10) * z / Z90
    beyond = max(z - Z90, 0.0)
    return median + (p90 - median) * (z + beyond * UPPER_TAIL) / Z90


def _z(node: Node, minute: float) -> float:
    """A standard normal value that wanders through time."""
    market, name = node
    return sum(amplitude * _noise(market if period >= SLOW_MIN else f"{market} {name}", period, minute) for period, amplitude in NOISES)


def _noise(seed: str, period: float, minute: float) -> float:
    """Unit-variance noise: random knots every ``period`` minutes, blended so that the variance stays one in between."""
    position = minute / period
    knot = math.floor(position)
    share = position - knot
    if share == 0:
        return _knot(seed, period, knot)
    return (_knot(seed, period, knot) * (1 - share) + _knot(seed, period, knot + 1) * share) / math.hypot(1 - share, share)


@lru_cache(maxsize=65_536)
def _knot(seed: str, period: float, knot: int) -> float:
    name = f"{seed}|{period:g}|{knot}"
    return NormalDist().inv_cdf(_uniform(name)) * (_temper(name) if period < QUICK_MIN else 1.0)


def _temper(name: str) -> float:
    return WILD if _uniform(f"{name}|wild") < WILD_ODDS else CALM


def _spike(node: Node, minute: float, curve: Curve) -> float:
    """On a few hours a week the price leaps for 5 to 20 minutes, as when a unit trips."""
    hour, within = divmod(minute, 60)
    luck = _luck(node, int(hour))
    if luck >= SPIKE_ODDS:
        return 0.0
    size = luck / SPIKE_ODDS  # uniform again
    begin, length = 5 * int(size * 7), 5 * (1 + int(size * 97) % 4)
    return (30 + (curve[2] - curve[1]) * (1 + 4 * size)) if begin <= within < begin + length else 0.0


@lru_cache(maxsize=16_384)
def _luck(node: Node, hour: int) -> float:
    return _uniform(f"{node[0]} {node[1]}|spike|{hour}")


def _uniform(seed: str) -> float:
    """A number strictly between 0 and 1 that belongs to ``seed``."""
    return (int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=6).digest()) + 0.5) / 2**48


@lru_cache(maxsize=4096)
def _day_mean(node: Node, adder: int, day: datetime) -> int:
    hours = [_microusd(price(node, day + timedelta(hours=hour))) for hour in range(24)]
    return sum(tariff.delivered(wholesale, adder) for wholesale in hours) // len(hours)


def _microusd(usd: float) -> int:
    return round(usd * 100) * 10_000  # to the cent, as markets publish


def _intervals(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """The multiples of ``step`` since Monday 2024-01-01 in [start, end)."""
    instant = MONDAY + math.ceil((start - MONDAY) / step) * step
    while instant < end:
        yield instant
        instant += step
