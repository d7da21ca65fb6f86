"""The daily reference price: what electricity has cost lately, on average over the sites. Published at 00:00 UTC.

The token price is the list price whenever electricity costs this much.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Avg

from catalog.energy import tariff
from catalog.energy.feeds import Feed
from catalog.models import DataCenter, DeliveredPrice

DAY = timedelta(days=1)
WINDOW = timedelta(days=30)


def for_days(days: Iterable[datetime], sites: Sequence[DataCenter], feed: Feed) -> dict[datetime, int]:
    """The reference of each UTC day, micro-USD per MWh. 0 says there is no history yet: such a day has list prices."""
    return {day: _published(day, sites) or _computed(day, sites, feed) for day in days}


def _published(day: datetime, sites: Sequence[DataCenter]) -> int | None:
    """A day keeps the reference it began with."""
    rows = DeliveredPrice.objects.filter(data_center__in=sites, interval_start__gte=day, interval_start__lt=day + DAY)
    return next(iter(rows.values_list("reference_microusd_per_mwh", flat=True)[:1]), None)


def _computed(day: datetime, sites: Sequence[DataCenter], feed: Feed) -> int:
    means = [_mean(site, day, feed) for site in sites]
    known = [mean for mean in means if mean is not None]
    return tariff.reference(known) if known else 0


def _mean(site: DataCenter, day: datetime, feed: Feed) -> int | None:
    """Of the 30 days before: the feed's word where it can compute its past, otherwise what is stored."""
    told = feed.mean((site.market, site.node), site.adder_microusd_per_mwh, day - WINDOW, day)
    return _stored_mean(site, day) if told is None else told


def _stored_mean(site: DataCenter, day: datetime) -> int | None:
    rows = site.delivered_prices.filter(interval_start__gte=day - WINDOW, interval_start__lt=day).exclude(freshness="estimated")
    mean = rows.aggregate(mean=Avg("delivered_microusd_per_mwh"))["mean"]
    return None if mean is None else round(mean)
