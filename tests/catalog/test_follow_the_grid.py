"""Over a day of the demo feed requests follow the cheapest site without running after every cent."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import mean

import pytest

from catalog.energy import delivered, tariff
from catalog.energy.feeds.demo import DemoFeed, typical_week
from catalog.energy.steady import Stance, step

ADDER = 20_000_000
Day = list[tuple[datetime, dict[str, int], dict[str, int]]]


def a_day(start: datetime) -> Day:
    """Slots with the delivered and the smoothed price of every node, as prices.py would compute them; one warm-up hour before."""
    slots = delivered.slots_between(start - timedelta(hours=1), start + timedelta(hours=24) - delivered.SLOT)
    smoothed: dict[str, int] = {}
    day: Day = []
    points = {
        (point.node, point.interval_start): point for point in DemoFeed().points(list(typical_week()), slots[0], slots[-1] + delivered.SLOT)
    }
    for slot in slots:
        prices = {node: tariff.delivered(points[node, slot].microusd_per_mwh, ADDER) for _, node in typical_week()}
        smoothed = {node: tariff.smooth(smoothed.get(node), price) for node, price in prices.items()}
        day.append((slot, prices, smoothed))
    return [row for row in day if row[0] >= start]


@pytest.mark.parametrize("start", [datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 7, 8, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC)])
def test_few_moves_a_day_for_nearly_all_of_the_saving(start: datetime) -> None:
    stance: Stance[str] | None = None
    paid, average, best, path = [], [], [], []
    for slot, prices, smoothed in a_day(start):
        stance = step(stance, smoothed, slot)
        path.append(stance.site)
        paid.append(prices[stance.site])
        average.append(mean(prices.values()))
        best.append(min(prices.values()))
        within = delivered.margin(smoothed[stance.site])
        assert stance.is_tempted or smoothed[stance.site] - min(smoothed.values()) <= within
    assert sum(before != after for before, after in pairwise(path)) <= 8
    assert mean(paid) < 0.75 * mean(average)
    assert mean(paid) - mean(best) < 8_000_000
