"""What a market says is checked before it is stored: bounds, doubles, the future, frozen feeds; and what stands in for it."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.energy import quality
from catalog.energy.feeds import PricePoint

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIVE = timedelta(minutes=5)
NODE = ("SPP", "HUB")
USD = 1_000_000


def point(price: float = 30, start: datetime = NOW - FIVE, length: timedelta = FIVE, market: str = "SPP") -> PricePoint:
    return PricePoint(market, "HUB", start, start + length, round(price * USD))


def check(*points: PricePoint, usual: float | None = 30) -> quality.Checked:
    return quality.check(points, ["HUB"], NOW, {} if usual is None else {(points[0].market, "HUB"): round(usual * USD)})


def test_a_usual_price_is_stored_without_a_remark() -> None:
    assert check(point()) == quality.Checked([point()], frozenset(), [])


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (point(10_001), r"HUB 11:55: $10,001.00 is beyond what SPP can cost"),
        (point(-1_001), "beyond what SPP can cost"),
        (point(4_500, market="CAISO"), "beyond what CAISO can cost"),
        (point(start=NOW + timedelta(minutes=21)), "is in the future"),
        (point(start=NOW - timedelta(minutes=181)), "is more than three hours old"),
        (point(length=timedelta(0)), "does not end after it begins"),
        (point(length=timedelta(hours=2)), "lasts longer than an hour"),
    ],
)
def test_nonsense_is_refused_with_a_sentence_and_the_rest_is_kept(refused: PricePoint, sentence: str) -> None:
    good = point(start=NOW - 2 * FIVE, market=refused.market)
    found = check(refused, good)
    assert found.points == [good]
    assert sentence in found.remarks[0]


@pytest.mark.parametrize("price", [-793, 0, 4_965])
def test_prices_that_really_happened_are_kept(price: float) -> None:
    assert check(point(price)).points == [point(price)]


@pytest.mark.parametrize(("price", "usual", "is_spike"), [(199, 30, False), (200, 30, True), (900, 190, False), (4_965, None, True)])
def test_a_spike_is_kept_and_flagged(price: float, usual: float | None, is_spike: bool) -> None:
    found = check(point(price), usual=usual)
    assert found.points == [point(price)]
    assert found.spikes == (frozenset({(NODE, NOW - FIVE)}) if is_spike else frozenset())


def test_of_two_prices_for_one_interval_the_later_counts() -> None:
    found = check(point(30), point(31))
    assert found.points == [point(31)]
    assert found.remarks == ["HUB 11:55: twice, with different prices"]
    assert check(point(30), point(30)).remarks == []


def test_a_node_that_is_missing_is_named() -> None:
    assert quality.check([point()], ["HUB", "OTHER"], NOW, {}).remarks == ["OTHER: missing from the answer"]


def test_the_usual_price_is_the_median() -> None:
    assert quality.usual_prices({NODE: [10, 20, 4_000], ("SPP", "NEW"): []}) == {NODE: 20}


# --- frozen feeds ----------------------------------------------------------------------------------


def series(*prices: float, length: timedelta = FIVE) -> list[PricePoint]:
    return [point(price, NOW + length * number, length) for number, price in enumerate(prices)]


def test_from_the_twelfth_equal_price_in_a_row_on_it_is_frozen() -> None:
    assert quality.frozen_from(series(*[31.17] * 12)) == NOW + 11 * FIVE
    assert quality.frozen_from(series(20, *[31.17] * 14)) == NOW + 12 * FIVE
    assert quality.frozen_from(series(*[31.17] * 11)) is None
    assert quality.frozen_from(series(*[31.17] * 13, 31.18)) is None
    assert quality.frozen_from([]) is None


def test_a_market_at_its_floor_is_not_frozen() -> None:
    assert quality.frozen_from(series(*[0] * 24)) is None
    assert quality.frozen_from(series(*[-5] * 24)) is None


def test_a_market_whose_price_stands_until_it_changes_is_not_frozen() -> None:
    steady = [point(31.17, NOW + FIVE * number, market="AESO") for number in range(24)]
    assert quality.frozen_from(steady) is None


def test_equal_hours_are_no_sign() -> None:
    assert quality.frozen_from(series(*[31.17] * 12, length=timedelta(hours=1))) is None


def test_equal_prices_with_a_gap_are_no_sign() -> None:
    with_gap = series(*[31.17] * 13)
    del with_gap[6]
    assert quality.frozen_from(with_gap) is None


# --- what stands in ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "length", "expected"),
    [
        (timedelta(minutes=15), FIVE, "live"),
        (timedelta(minutes=16), FIVE, "last known"),
        (timedelta(minutes=60), FIVE, "last known"),
        (timedelta(minutes=61), FIVE, "estimate"),
        (timedelta(minutes=75), timedelta(hours=1), "live"),
        (timedelta(hours=3), timedelta(hours=1), "last known"),
        (timedelta(hours=3, minutes=1), timedelta(hours=1), "estimate"),
    ],
)
def test_a_late_price_is_used_while_it_is_young_enough(age: timedelta, length: timedelta, expected: str) -> None:
    newest = point(start=NOW - age - length, length=length)
    assert quality.stand_in(newest, NOW, may_be_demo=False) == expected


def test_the_demo_feed_stands_in_only_where_it_was_chosen() -> None:
    old = point(start=NOW - timedelta(hours=2))
    assert quality.stand_in(old, NOW, may_be_demo=True) == "demo"
    assert quality.stand_in(None, NOW, may_be_demo=True) == "demo"
    assert quality.stand_in(None, NOW, may_be_demo=False) == "estimate"
    assert quality.stand_in(point(), NOW, may_be_demo=True) == "live"
