"""Market intervals are kept for 90 days, their hours for ever."""

from datetime import UTC, datetime, timedelta

import pytest
from time_machine import travel

from catalog import retention, tasks
from catalog.models import EnergyHour, EnergyPrice, RoutedSite
from clod_site.schedule import BEAT
from tests.catalog.stock import data_center

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 4, 47, tzinfo=UTC)
USD = 10**6


def interval(start: datetime, price: int, node: str = "HUB", source: str = "spp") -> None:
    end = start + timedelta(minutes=30)
    EnergyPrice.objects.create(market="SPP", node=node, interval_start=start, interval_end=end, microusd_per_mwh=price * USD, source=source)


def test_old_intervals_become_hours_and_young_ones_stay() -> None:
    old, young = datetime(2026, 8, 23, 23, tzinfo=UTC), datetime(2026, 8, 24, tzinfo=UTC)
    interval(old, -10)
    interval(old + timedelta(minutes=30), 50)
    interval(old, 7, node="OTHER")
    interval(young, 99)
    assert retention.prune(NOW) == 3
    assert [row.interval_start for row in EnergyPrice.objects.all()] == [young]
    hour, other = EnergyHour.objects.order_by("node")
    assert (hour.hour_start, hour.mean_microusd_per_mwh, hour.lowest_microusd_per_mwh, hour.highest_microusd_per_mwh) == (
        old,
        20 * USD,
        -10 * USD,
        50 * USD,
    )
    assert (hour.intervals, hour.source, other.intervals) == (2, "spp", 1)


def test_a_second_run_finds_nothing() -> None:
    interval(NOW - timedelta(days=100), 30)
    interval(NOW - timedelta(days=300), 30)
    assert (retention.prune(NOW), retention.prune(NOW)) == (2, 0)
    assert EnergyHour.objects.count() == 2


def test_of_where_requests_went_the_hours_stay_too() -> None:
    site = data_center("dfw")
    for start in (NOW - timedelta(days=100), NOW - timedelta(days=80)):
        hour = start.replace(minute=0)
        for minutes in (0, 5, 55):
            slot = hour + timedelta(minutes=minutes)
            RoutedSite.objects.create(sites=str(site.pk), interval_start=slot, data_center=site, is_tempted=False)
    retention.prune(NOW)
    assert [row.interval_start.minute for row in RoutedSite.objects.order_by("interval_start")] == [0, 0, 5, 55]


def test_it_runs_every_day() -> None:
    interval(NOW - timedelta(days=100), 30)
    assert BEAT["prune-prices"]["task"] == tasks.prune_prices.name
    with travel(NOW, tick=False):
        tasks.prune_prices()
    assert not EnergyPrice.objects.exists()
