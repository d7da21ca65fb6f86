"""A day at the gateway in fast motion: the price job runs, clients call, the clock is moved on. Nothing else is made up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean

import time_machine

from catalog import prices
from catalog.energy.delivered import SLOT, margin
from catalog.energy.feeds import Feed, Node, PricePoint
from catalog.models import DeliveredPrice
from gateway import snapshots

USD = 10**6
AFTER_S = 20  # the job has run by then


@dataclass(frozen=True)
class Moment:
    """From one price job to the next: electricity by data center (micro-USD per MWh), and where each call was answered."""

    slot: datetime
    delivered: dict[str, int]
    smoothed: dict[str, int]
    went: list[str]

    @property
    def cheapest(self) -> int:
        return min(self.smoothed.values())

    def is_tempting(self, here: str) -> bool:
        """Another site is cheaper than ``here`` by more than the hysteresis."""
        return self.smoothed[here] - self.cheapest > margin(self.smoothed[here])


class QuarterHours:
    """A feed of 15-minute intervals, as ERCOT publishes them, from one of 5-minute intervals: each third price holds on."""

    has_past = True

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.name, self.label = feed.name, feed.label

    def points(self, market_nodes: Sequence[Node], start: datetime, end: datetime) -> list[PricePoint]:
        first = start.replace(minute=start.minute // 15 * 15)
        found = self._feed.points(market_nodes, first, end)
        return [
            PricePoint(point.market, point.node, point.interval_start, point.interval_start + 3 * SLOT, point.microusd_per_mwh)
            for point in found
            if point.interval_start.minute % 15 == 0
        ]

    def mean(self, market_node: Node, adder: int, start: datetime, end: datetime) -> int | None:
        return self._feed.mean(market_node, adder, start, end)


def live(start: datetime, feed: Feed, call: Callable[[], str], *, every: timedelta = SLOT, hours: int = 24) -> list[Moment]:
    """``call`` sends a request and tells the data center that answered: twice after each run of the price job."""
    with time_machine.travel(start, tick=False) as clock:
        prices.backfill(start, 1, feed)
        moments = []
        for number in range(timedelta(hours=hours) // every):
            now = start + number * every
            clock.move_to(now)
            prices.recompute(now, feed)
            snapshots.forget()
            clock.move_to(now + timedelta(seconds=AFTER_S))
            moments.append(_moment(now, [call(), call()]))
    return moments


def _moment(slot: datetime, went: list[str]) -> Moment:
    rows = DeliveredPrice.objects.filter(interval_start=slot)
    fields = ("data_center__slug", "delivered_microusd_per_mwh", "smoothed_microusd_per_mwh")
    found = list(rows.values_list(*fields))
    return Moment(slot, {slug: price for slug, price, _ in found}, {slug: price for slug, _, price in found}, went)


@dataclass(frozen=True)
class Outcome:
    """``late`` are calls answered elsewhere though another site had been cheaper by the hysteresis in two intervals in a row."""

    calls: int
    switches: int
    late: int
    at_the_cheapest: float
    saving: float
    regret_usd_per_mwh: float


def outcome(moments: Sequence[Moment]) -> Outcome:
    """The rule, applied to what happened by other means than the product's own code."""
    path = [moment.went[0] for moment in moments]
    paid = [moment.delivered[site] for moment, site in zip(moments, path, strict=True)]
    late = sum(
        site == before.went[-1]
        for before, moment in pairwise(moments)
        for site in moment.went
        if before.is_tempting(site) and moment.is_tempting(site)
    )
    return Outcome(
        calls=sum(len(moment.went) for moment in moments),
        switches=sum(before != after for before, after in pairwise(path)),
        late=late,
        at_the_cheapest=mean(moment.smoothed[site] == moment.cheapest for moment, site in zip(moments, path, strict=True)),
        saving=1 - sum(paid) / sum(mean(moment.delivered.values()) for moment in moments),
        regret_usd_per_mwh=mean(cost - min(moment.delivered.values()) for cost, moment in zip(paid, moments, strict=True)) / USD,
    )
