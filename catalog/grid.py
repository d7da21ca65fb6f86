"""Electricity at the data centers now and over the last hours, for pages."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from catalog.models import DataCenter, DeliveredPrice


@dataclass(frozen=True)
class Site:
    """A data center and its newest price (None before the first one). Micro-USD per MWh."""

    data_center: DataCenter
    price: DeliveredPrice | None


def sites_now(now: datetime) -> list[Site]:
    """Every active data center, the cheapest electricity first, those without a price last. Two queries."""
    newest = DeliveredPrice.objects.filter(data_center=OuterRef("pk"), interval_start__lte=now).order_by("-interval_start")
    rows = list(DataCenter.objects.filter(active=True).annotate(newest_id=Subquery(newest.values("pk")[:1])))
    prices = DeliveredPrice.objects.in_bulk([row.newest_id for row in rows if row.newest_id])
    sites = [Site(row, prices.get(row.newest_id)) for row in rows]
    return sorted(
        sites, key=lambda site: (site.price is None, site.price.smoothed_microusd_per_mwh if site.price else 0, site.data_center.slug)
    )


# Delivered prices, oldest first, by data center id.
Series = dict[int, list[DeliveredPrice]]


def last_hours(now: datetime, hours: int = 24) -> Series:
    """Delivered prices per data center id, oldest first. One query."""
    series: Series = {}
    rows = DeliveredPrice.objects.filter(interval_start__gt=now - timedelta(hours=hours), interval_start__lte=now)
    for row in rows.order_by("interval_start").only(
        "data_center_id", "interval_start", "smoothed_microusd_per_mwh", "reference_microusd_per_mwh"
    ):
        series.setdefault(row.data_center_id, []).append(row)
    return series
