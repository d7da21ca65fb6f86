"""From market intervals to what a data center pays, every five minutes: freshness, estimates, smoothing. Pure.

A slot is the start of a 5-minute interval. Electricity is micro-USD per MWh.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from catalog.energy import tariff

SLOT = timedelta(minutes=5)
FRESH, STALE, ESTIMATED = "fresh", "stale", "estimated"
HYSTERESIS_MICROUSD_PER_MWH = 5_000_000
HYSTERESIS_DIVISOR = 10
_LIMITS = (timedelta(minutes=15), timedelta(minutes=60))
_HOURLY_LIMITS = (timedelta(minutes=75), timedelta(hours=3))


class Quote(msgspec.Struct, frozen=True):
    """A market interval as stored."""

    start: datetime
    end: datetime
    microusd_per_mwh: int
    source: str


class Source(msgspec.Struct, frozen=True):
    """The newest interval a slot can use; ``quote`` is None when there is none young enough."""

    slot: datetime
    quote: Quote | None
    freshness: str


class Delivered(msgspec.Struct, frozen=True):
    """One row of ``catalog.models.DeliveredPrice``."""

    slot: datetime
    wholesale: int
    delivered: int
    smoothed: int
    reference: int
    source: str
    freshness: str


def slot_of(instant: datetime) -> datetime:
    return instant.replace(minute=instant.minute // 5 * 5, second=0, microsecond=0)


def slots_between(start: datetime, end: datetime) -> list[datetime]:
    """Every slot from ``start`` (a slot) to the one that holds ``end``."""
    return [start + number * SLOT for number in range((slot_of(end) - start) // SLOT + 1)]


def margin(price: int) -> int:
    """How much cheaper another site must be before it matters: $5 per MWh or 10 %, whichever is more."""
    return max(HYSTERESIS_MICROUSD_PER_MWH, price // HYSTERESIS_DIVISOR)


def sources(quotes: Sequence[Quote], slots: Sequence[datetime]) -> list[Source]:
    """For each slot the newest quote (sorted by start) and how far it can be trusted."""
    starts = [quote.start for quote in quotes]
    return [_source(slot, quotes, bisect_right(starts, slot) - 1) for slot in slots]


def _source(slot: datetime, quotes: Sequence[Quote], index: int) -> Source:
    if index < 0:
        return Source(slot, None, ESTIMATED)
    quote = quotes[index]
    trust = freshness(slot - quote.end, quote.end - quote.start)
    return Source(slot, None if trust == ESTIMATED else quote, trust)


def freshness(age: timedelta, length: timedelta) -> str:
    """By the age of the interval's end: fresh to 15 minutes, stale to 60; 75 minutes and 3 hours for hourly feeds."""
    fresh, stale = _HOURLY_LIMITS if length >= timedelta(hours=1) else _LIMITS
    if age <= fresh:
        return FRESH
    return STALE if age <= stale else ESTIMATED


def cheapest(adders: Mapping[int, int], sources_of: Mapping[int, Sequence[Source]]) -> dict[datetime, int]:
    """Per slot the lowest delivered price that stands on a real quote."""
    lowest: dict[datetime, int] = {}
    for site, found in sources_of.items():
        for source in found:
            if source.quote:
                price = tariff.delivered(source.quote.microusd_per_mwh, adders[site])
                lowest[source.slot] = min(price, lowest.get(source.slot, price))
    return lowest


class Terms(msgspec.Struct, frozen=True):
    """What a site's prices are computed with: its adder, the references by day, the market's usual hours, the cheapest quotes."""

    adder: int
    references: Mapping[datetime, int]
    usual: Mapping[int, int]
    cheapest: Mapping[datetime, int]


def series(found: Sequence[Source], terms: Terms, smoothed: int | None) -> list[Delivered]:
    """The site's rows, each smoothed from the one before; ``smoothed`` is where the last stored row ended."""
    rows = []
    for source in found:
        row = _row(source, terms, smoothed)
        smoothed = row.smoothed
        rows.append(row)
    return rows


def _row(source: Source, terms: Terms, before: int | None) -> Delivered:
    reference = terms.references[source.slot.replace(hour=0, minute=0)]
    quote = source.quote
    if quote:
        price = tariff.delivered(quote.microusd_per_mwh, terms.adder)
        return Delivered(
            source.slot, quote.microusd_per_mwh, price, tariff.smooth(before, price), reference, quote.source, source.freshness
        )
    if source.slot not in terms.cheapest:  # no market answers: everybody pays the list price
        return Delivered(source.slot, 0, reference, reference, reference, "", ESTIMATED)
    wholesale, price = _estimate(source.slot, terms, reference)
    return Delivered(source.slot, wholesale, price, tariff.smooth(before, price), reference, "", ESTIMATED)


def _estimate(slot: datetime, terms: Terms, reference: int) -> tuple[int, int]:
    """The usual price of this hour, but never so low that an unknown site would win by more than the hysteresis."""
    usual = terms.usual.get(slot.hour)
    price = reference if usual is None else tariff.delivered(usual, terms.adder)
    known = terms.cheapest[slot]
    return usual or 0, max(price, known - margin(known))
