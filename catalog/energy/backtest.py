"""What routing by electricity would have saved: the product's own tariff and hysteresis over past prices. Pure.

Every five minutes requests go to the site that ``steady.step`` chooses from smoothed prices that are ``delay`` old, and pay
the delivered price of that moment:

    C_fix(s) = Σ L·c(s)    C_avg = Σ L·mean c    C_pol = Σ L·c(chosen)    C* = Σ L·min c
    saving against a site = 1 − C_pol/C_fix(s)    against the average = 1 − C_pol/C_avg    regret = (C_pol − C*)/ΣL

Amounts are micro-USD per MWh. A moment counts only when every site of the set has a price for it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import msgspec

from catalog.energy import delivered, steady, tariff
from catalog.energy.delivered import SLOT, Quote
from catalog.energy.feeds import Node, PricePoint

SLOTS_PER_DAY = 288
EVEN_LOAD = (1.0,) * 24


class Site(msgspec.Struct, frozen=True):
    slug: str
    node: Node
    adder: int


class Share(msgspec.Struct, frozen=True):
    """One site of the set: its mean delivered price, what routing saved against it, how much of the time it was chosen."""

    slug: str
    mean: float
    saving: float
    hours: float


class Outcome(msgspec.Struct, frozen=True):
    """The answer for one set of sites. Savings and shares are fractions; ``left_out`` counts moments without all prices."""

    sites: list[Share]
    days: float
    saving: float
    wholesale_saving: float
    regret: float
    switches_per_day: float
    left_out: int


class Moment(msgspec.Struct, frozen=True):
    """Five minutes with a price at every site: the market's, delivered, and smoothed as the router sees it."""

    slot: datetime
    wholesale: dict[str, int]
    delivered: dict[str, int]
    smoothed: dict[str, int]


def quotes_of(points: Sequence[PricePoint]) -> dict[Node, list[Quote]]:
    """By node, sorted by start as ``points`` are."""
    quotes: dict[Node, list[Quote]] = {}
    for point in points:
        quotes.setdefault((point.market, point.node), []).append(
            Quote(point.interval_start, point.interval_end, point.microusd_per_mwh, "file")
        )
    return quotes


def run(sites: Sequence[Site], quotes: Mapping[Node, Sequence[Quote]], *, delay: int = 1, load: Sequence[float] = EVEN_LOAD) -> Outcome:
    """``delay`` is in slots; ``load`` is a weight per UTC hour of the day. Raises ValueError when no moment has all prices."""
    moments, left_out = _moments(sites, quotes)
    if len(moments) <= delay:
        raise ValueError("there is no moment at which all of these sites have a price")
    path = _path(moments, delay)
    return _outcome(sites, moments[delay:], path, load, left_out)


def _moments(sites: Sequence[Site], quotes: Mapping[Node, Sequence[Quote]]) -> tuple[list[Moment], int]:
    """Those from the latest first interval to the earliest last one."""
    first = max(quotes[site.node][0].start for site in sites)
    last = min(quotes[site.node][-1].end for site in sites) - SLOT
    slots = delivered.slots_between(delivered.slot_of(first), last) if first <= last else []
    prices = {site.slug: _prices(quotes[site.node], slots) for site in sites}
    moments: list[Moment] = []
    smoothed: dict[str, int | None] = {}
    for slot in slots:
        wholesale = {site.slug: price for site in sites if (price := prices[site.slug].get(slot)) is not None}
        if len(wholesale) == len(sites):
            paid = {site.slug: tariff.delivered(wholesale[site.slug], site.adder) for site in sites}
            now = {slug: tariff.smooth(smoothed.get(slug), price) for slug, price in paid.items()}
            smoothed = {**now}
            moments.append(Moment(slot, wholesale, paid, now))
    return moments, len(slots) - len(moments)


def _prices(quotes: Sequence[Quote], slots: Sequence[datetime]) -> dict[datetime, int]:
    found = delivered.sources(quotes, slots)
    return {source.slot: source.quote.microusd_per_mwh for source in found if source.quote and source.slot < source.quote.end}


def _path(moments: Sequence[Moment], delay: int) -> list[str]:
    """The site of every moment but the first ``delay``."""
    stance: steady.Stance[str] | None = None
    path = []
    for known, moment in zip(moments, moments[delay:], strict=False):
        stance = steady.step(stance, known.smoothed, moment.slot)
        path.append(stance.site)
    return path


def _outcome(sites: Sequence[Site], moments: Sequence[Moment], path: Sequence[str], load: Sequence[float], left_out: int) -> Outcome:
    weights = [load[moment.slot.hour] for moment in moments]
    weighted = list(zip(weights, moments, path, strict=True))
    total = sum(weights)
    policy = sum(weight * moment.delivered[site] for weight, moment, site in weighted)
    average = sum(weight * _mean(moment.delivered) for weight, moment, _ in weighted)
    best = sum(weight * min(moment.delivered.values()) for weight, moment, _ in weighted)
    wholesale = sum(weight * moment.wholesale[site] for weight, moment, site in weighted)
    wholesale_average = sum(weight * _mean(moment.wholesale) for weight, moment, _ in weighted)
    fixed = {site.slug: sum(weight * moment.delivered[site.slug] for weight, moment, _ in weighted) for site in sites}
    days = len(moments) / SLOTS_PER_DAY
    return Outcome(
        [Share(slug, cost / total, _saving(policy, cost), path.count(slug) / len(path)) for slug, cost in fixed.items()],
        days=days,
        saving=_saving(policy, average),
        wholesale_saving=_saving(wholesale, wholesale_average),
        regret=(policy - best) / total,
        switches_per_day=sum(before != after for before, after in pairwise(path)) / days,
        left_out=left_out,
    )


def _mean(prices: Mapping[str, int]) -> float:
    return sum(prices.values()) / len(prices)


def _saving(cost: float, reference: float) -> float:
    return 1 - cost / reference if reference > 0 else 0.0
