"""Electricity at the data centers, now and against the last 24 hours, for pages. Delivered and smoothed, as prices follow it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Avg, OuterRef, Subquery

from catalog.models import DataCenter, DeliveredPrice

DAY = timedelta(hours=24)
LEVEL = 0.03  # nearer to its mean than that, a price is neither above nor below it


@dataclass(frozen=True)
class Site:
    """A data center and its newest price (None before the first one). Micro-USD per MWh."""

    data_center: DataCenter
    price: DeliveredPrice | None


@dataclass(frozen=True)
class Standing:
    """A data center's price against its own mean of 24 hours: −0.12 is 12 % below; None before there is one."""

    site: Site
    against_mean: float | None

    @property
    def percent(self) -> int:
        return round(abs(self.against_mean or 0) * 100)

    @property
    def word(self) -> str:
        if self.against_mean is None or abs(self.against_mean) < LEVEL:
            return "level" if self.against_mean is not None else ""
        return "below" if self.against_mean < 0 else "above"


def sites_now(now: datetime) -> list[Site]:
    """Every active data center, the cheapest electricity first, those without a price last. Two queries."""
    newest = DeliveredPrice.objects.filter(data_center=OuterRef("pk"), interval_start__lte=now).order_by("-interval_start")
    rows = list(DataCenter.objects.filter(active=True).annotate(newest_id=Subquery(newest.values("pk")[:1])))
    prices = DeliveredPrice.objects.in_bulk([row.newest_id for row in rows if row.newest_id])
    sites = [Site(row, prices.get(row.newest_id)) for row in rows]
    return sorted(
        sites, key=lambda site: (site.price is None, site.price.smoothed_microusd_per_mwh if site.price else 0, site.data_center.slug)
    )


def standings(now: datetime) -> list[Standing]:
    """The same, each against its day. Three queries."""
    day = DeliveredPrice.objects.filter(interval_start__gt=now - DAY, interval_start__lte=now)
    means = dict(day.values_list("data_center").annotate(Avg("smoothed_microusd_per_mwh")))
    return [Standing(site, _against(site, means.get(site.data_center.pk))) for site in sites_now(now)]


def _against(site: Site, mean: float | None) -> float | None:
    return site.price.smoothed_microusd_per_mwh / mean - 1 if site.price and mean and mean > 0 else None
