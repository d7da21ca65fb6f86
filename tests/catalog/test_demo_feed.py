"""The demo feed: the same plausible prices for everybody."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mean, median, quantiles

import pytest

from catalog.energy.feeds.demo import DemoFeed, price, typical_week

DOM = ("PJM", "DOM")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
feed = DemoFeed()


def test_a_span_has_every_five_minute_interval_once() -> None:
    points = feed.points([DOM], NOON + timedelta(minutes=2), NOON + timedelta(hours=1))
    assert [point.interval_start for point in points] == [NOON + timedelta(minutes=5 * n) for n in range(1, 12)]
    assert all(point.interval_end - point.interval_start == timedelta(minutes=5) for point in points)


def test_the_same_instant_has_the_same_price_in_another_process() -> None:
    read = "import sys; from datetime import *; from catalog.energy.feeds.demo import price; "
    code = read + "print(price((sys.argv[1], sys.argv[2]), datetime.fromisoformat(sys.argv[3])))"
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    told = subprocess.run(
        [sys.executable, "-c", code, *DOM, NOON.isoformat()], capture_output=True, text=True, check=True, env=environment
    ).stdout
    assert float(told) == price(DOM, NOON)


def test_overlapping_spans_agree() -> None:
    long = feed.points([DOM], NOON - timedelta(hours=6), NOON)
    assert feed.points([DOM], NOON - timedelta(hours=1), NOON) == long[-12:]


def test_a_node_it_does_not_know_is_left_out() -> None:
    points = feed.points([DOM, ("AESO", "POOL")], NOON, NOON + timedelta(minutes=5))
    assert [point.node for point in points] == ["DOM"]
    assert feed.mean(("AESO", "POOL"), 0, NOON - timedelta(days=1), NOON) is None


@pytest.mark.parametrize("node", sorted(typical_week()))
def test_prices_follow_the_typical_week(node: tuple[str, str]) -> None:
    """Over eight weeks: the middle where it belongs, most prices between the percentiles, a few beyond on both sides."""
    points = feed.points([node], NOON - timedelta(weeks=8), NOON)[::3]
    prices = [point.microusd_per_mwh / 1e6 for point in points]
    week = typical_week()[node]
    spread = mean(p90 - p10 for p10, _, p90 in week)
    assert abs(median(prices) - median(middle for _, middle, _ in week)) < spread / 4
    hours = [week[point.interval_start.weekday() * 24 + point.interval_start.hour] for point in points]
    below = mean(price < p10 for price, (p10, _, _) in zip(prices, hours, strict=True))
    above = mean(price > p90 for price, (_, _, p90) in zip(prices, hours, strict=True))
    assert 0.03 < below < 0.25
    assert 0.03 < above < 0.25


def test_prices_go_below_zero_where_they_really_do() -> None:
    points = feed.points([("SPP", "SPPSOUTH_HUB")], NOON - timedelta(weeks=2), NOON)
    assert min(point.microusd_per_mwh for point in points) < 0


def test_a_price_is_near_the_one_before() -> None:
    prices = [point.microusd_per_mwh / 1e6 for point in feed.points([DOM], NOON - timedelta(weeks=2), NOON)]
    steps = median(abs(after - before) for before, after in pairwise(prices))
    shuffled = median(abs(after - before) for before, after in zip(prices, prices[500:], strict=False))
    assert steps < shuffled / 3


def test_most_five_minutes_are_calm_and_a_few_leap() -> None:
    """Oklahoma, August 2024, as the market published it: half of the changes below $1.6, a tenth above $17. See docs/energy.md."""
    august = datetime(2024, 8, 5, tzinfo=UTC)
    points = feed.points([("SPP", "SPPSOUTH_HUB")], august, august + timedelta(weeks=4))
    changes = [abs(after.microusd_per_mwh - before.microusd_per_mwh) / 1e6 for before, after in pairwise(points)]
    assert 1 < median(changes) < 3
    assert 12 < quantiles(changes, n=10)[-1] < 25


def test_the_statistics_are_nine_full_weeks() -> None:
    assert [len(week) for week in typical_week().values()] == [168] * 9
