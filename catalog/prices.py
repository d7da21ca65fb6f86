"""Keeps electricity and token prices up to date: market intervals, delivered prices, where requests go, price ticks.

``recompute`` runs every five minutes, ``backfill`` when a site starts; both fill the gap since the last stored interval.
Two processes may run them at once: rows are unique by what they are about, and what the second one brings is dropped.
Rows are committed a thousand at a time, so that no other writer of an SQLite file waits long. When the feed fails, the
stored prices are used for as long as they are young enough; see ``catalog.energy.delivered``.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from statistics import median
from typing import TypeVar

from django.db import transaction
from django.db.models import Max

from catalog import list_prices, ticks, versions
from catalog.energy import delivered, references, routed
from catalog.energy.delivered import SLOT, Delivered, Quote, Source, Terms
from catalog.energy.feeds import Feed, FeedError, Node, PricePoint
from catalog.energy.feeds.demo import DemoFeed
from catalog.energy.quality import FROZEN
from catalog.models import DataCenter, DeliveredPrice, EnergyPrice, PriceTick

WINDOW_DAYS = 7
LOOK_BACK = timedelta(hours=3)  # the oldest interval a slot may still use
LATELY = timedelta(hours=1)  # where the newest delivered price is, also at the beginning of a slot
CHUNK = 1000

log = logging.getLogger("catalog.prices")
Slots = dict[int, list[datetime]]  # by data center
Row = TypeVar("Row")


def recompute(now: datetime, feed: Feed | None = None) -> int:
    """Bring all prices up to ``now``; the number of new delivered prices and ticks."""
    return backfill(now, WINDOW_DAYS, feed)


def backfill(now: datetime, days: float = WINDOW_DAYS, feed: Feed | None = None) -> int:
    """Fill what is missing in the last ``days`` for every data center, then write the ticks that follow from it."""
    feed = feed or DemoFeed()
    sites = list(DataCenter.objects.filter(active=True).order_by("pk"))
    slots = _missing_slots(sites, now, timedelta(days=days), feed)
    _fetch(feed, sites, slots)
    rows = _deliver(feed, sites, slots)
    _store_delivered(rows)
    routed.publish(now)
    list_prices.note(delivered.slot_of(now))
    new_ticks = ticks.due(now, min((missing[0] for missing in slots.values() if missing), default=now))
    _store_ticks(new_ticks, electricity_changed=any(rows.values()))
    return sum(map(len, rows.values())) + len(new_ticks)


def price_endpoints(now: datetime) -> int:
    """A first price for every endpoint that has become callable, from the electricity that is stored: it need not wait for the next
    recompute. Those that had one before wait for it. How many ticks; safe to repeat, inside a transaction or not."""
    new_ticks = ticks.due(now, now - LATELY)
    priced = ticks.newest({tick.endpoint_id for tick in new_ticks})
    first = [tick for tick in new_ticks if tick.endpoint_id not in priced]
    _store_ticks(first, electricity_changed=False)
    return len(first)


def _missing_slots(sites: Sequence[DataCenter], now: datetime, window: timedelta, feed: Feed) -> Slots:
    """The slots after each site's last one, at most a window's worth. A site's first one is now when the feed knows no past."""
    first = delivered.slot_of(now - window) + SLOT
    starts = {site.pk: _after_last(site) or (first if feed.has_past else delivered.slot_of(now)) for site in sites}
    return {site: delivered.slots_between(max(first, start), now) for site, start in starts.items()}


def _after_last(site: DataCenter) -> datetime | None:
    last: datetime | None = site.delivered_prices.aggregate(last=Max("interval_start"))["last"]
    return last + SLOT if last else None


# --- market intervals ----------------------------------------------------------------------------


def _fetch(feed: Feed, sites: Sequence[DataCenter], slots: Slots) -> None:
    for site in sites:
        if missing := slots[site.pk]:
            try:
                points = feed.points([(site.market, site.node)], missing[0], missing[-1] + SLOT)
            except FeedError as error:
                log.warning("No prices for %s from the %s: %s", site.slug, feed.label, error)
            else:
                store_points(feed.name, points)


def store_points(source: str, points: Iterable[PricePoint], flags: Mapping[tuple[Node, datetime], str] | None = None) -> None:
    """A market may publish an interval again with another price: the later word counts. ``flags`` are by node and start."""
    flagged = flags or {}
    rows = (
        EnergyPrice(
            market=point.market,
            node=point.node,
            interval_start=point.interval_start,
            interval_end=point.interval_end,
            microusd_per_mwh=point.microusd_per_mwh,
            source=source,
            flag=flagged.get(((point.market, point.node), point.interval_start), ""),
        )
        for point in points
    )
    for chunk in _chunks(rows):
        EnergyPrice.objects.bulk_create(
            chunk,
            update_conflicts=True,
            unique_fields=["market", "node", "interval_start"],
            update_fields=["interval_end", "microusd_per_mwh", "source", "flag", "fetched_at"],
        )


# --- delivered prices ----------------------------------------------------------------------------


def _deliver(feed: Feed, sites: Sequence[DataCenter], slots: Slots) -> dict[int, list[Delivered]]:
    found = {site.pk: _sources(site, slots[site.pk]) for site in sites}
    days = {slot.replace(hour=0, minute=0) for missing in slots.values() for slot in missing}
    reference = references.for_days(sorted(days), sites, feed)
    cheapest = delivered.cheapest({site.pk: site.adder_microusd_per_mwh for site in sites}, found)
    rows = {}
    for site in sites:
        terms = Terms(site.adder_microusd_per_mwh, reference, _usual_hours(site, found[site.pk]), cheapest)
        rows[site.pk] = delivered.series(found[site.pk], terms, _last_smoothed(site, slots[site.pk]))
    return rows


def _sources(site: DataCenter, missing: Sequence[datetime]) -> list[Source]:
    if not missing:
        return []
    return delivered.sources(_quotes(site, missing[0] - LOOK_BACK, missing[-1] + SLOT), missing)


def _quotes(site: DataCenter, start: datetime, end: datetime) -> list[Quote]:
    rows = EnergyPrice.objects.filter(market=site.market, node=site.node, interval_start__gte=start, interval_start__lt=end)
    fields = (
        rows.exclude(flag=FROZEN).order_by("interval_start").values_list("interval_start", "interval_end", "microusd_per_mwh", "source")
    )
    return [Quote(*row) for row in fields.iterator()]


def _usual_hours(site: DataCenter, found: Sequence[Source]) -> dict[int, int]:
    """The median market price by UTC hour over the last seven days; looked up only when a slot has no quote."""
    blind = [source.slot for source in found if source.quote is None]
    if not blind:
        return {}
    hours: dict[int, list[int]] = {}
    for quote in _quotes(site, blind[-1] - timedelta(days=7), blind[-1]):
        hours.setdefault(quote.start.hour, []).append(quote.microusd_per_mwh)
    return {hour: round(median(prices)) for hour, prices in hours.items()}


def _last_smoothed(site: DataCenter, missing: Sequence[datetime]) -> int | None:
    """Where smoothing goes on; afresh when the row just before is not there."""
    if not missing:
        return None
    row = site.delivered_prices.filter(interval_start=missing[0] - SLOT)
    return row.values_list("smoothed_microusd_per_mwh", flat=True).first()


def _store_delivered(rows: dict[int, list[Delivered]]) -> None:
    built = (
        DeliveredPrice(
            data_center_id=site,
            interval_start=row.slot,
            wholesale_microusd_per_mwh=row.wholesale,
            delivered_microusd_per_mwh=row.delivered,
            smoothed_microusd_per_mwh=row.smoothed,
            reference_microusd_per_mwh=row.reference,
            source=row.source,
            freshness=row.freshness,
        )
        for site, found in rows.items()
        for row in found
    )
    for chunk in _chunks(built):
        DeliveredPrice.objects.bulk_create(chunk, ignore_conflicts=True)


# --- ticks ---------------------------------------------------------------------------------------


def _store_ticks(new: Iterable[PriceTick], *, electricity_changed: bool) -> None:
    """The gateways are told to load the catalog again in the transaction that writes the last ticks, never before."""
    *earlier, last = [*_chunks(new)] or [[]]
    for chunk in earlier:
        PriceTick.objects.bulk_create(chunk, ignore_conflicts=True)
    if last or electricity_changed:
        with transaction.atomic():
            PriceTick.objects.bulk_create(last, ignore_conflicts=True)
            versions.bump()


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
