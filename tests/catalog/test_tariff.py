"""The tariff: from electricity to a token price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.energy import tariff

USD = 1_000_000
electricity = st.integers(-1_000 * USD, 10_000 * USD)
delivered = st.integers(0, 400 * USD)
references = st.integers(1 * USD, 200 * USD)
weights = st.floats(0, 2)


@pytest.mark.parametrize(
    ("smoothed", "reference", "expected"),
    [(35.2, 50.9, 0.892), (54.3, 57.2, 0.983), (28.2, 59.7, 0.816)],
    ids=["20 May 2024 07:00", "10 July 2024 21:00", "6 October 2024 18:00"],
)
def test_the_worked_rows_come_out(smoothed: float, reference: float, expected: float) -> None:
    ppm = tariff.multiplier(round(smoothed * USD), round(reference * USD), 0.35)
    assert ppm / tariff.PPM == pytest.approx(expected, abs=0.001)  # the rows print electricity to ten cents


@pytest.mark.parametrize(("market_price", "expected"), [(10, 35.3), (29, 54.87), (3, 28.09), (-3, 25.0), (4965, 334.0)])
def test_delivery_adds_losses_and_the_adder_to_a_clipped_market_price(market_price: int, expected: float) -> None:
    assert tariff.delivered(market_price * USD, adder=25 * USD) == round(expected * USD)


def test_an_hour_of_the_same_price_is_all_but_reached_by_smoothing() -> None:
    smoothed = 50 * USD
    for _ in range(12):
        smoothed = tariff.smooth(smoothed, 60 * USD)
    assert smoothed == pytest.approx(60 * USD * (1 - (1 / 6) * 0.5**4), rel=1e-6)


def test_the_half_life_is_fifteen_minutes() -> None:
    smoothed = 100 * USD
    for _ in range(3):
        smoothed = tariff.smooth(smoothed, 110 * USD)
    assert smoothed == pytest.approx(105 * USD, abs=3)


@given(delivered, delivered)
def test_smoothing_moves_at_most_a_tenth_in_five_minutes(before: int, price: int) -> None:
    after = tariff.smooth(before, price)
    assert abs(after - before) <= max(before // 10, 1 * USD)
    assert min(before, price) <= after <= max(before, price)


def test_smoothing_leaves_zero_again() -> None:
    assert tariff.smooth(0, 30 * USD) == 1 * USD


@given(electricity, electricity)
def test_delivered_prices_rise_with_market_prices_within_bounds(low: int, high: int) -> None:
    low, high = sorted((low, high))
    assert 20 * USD <= tariff.delivered(low, 20 * USD) <= tariff.delivered(high, 20 * USD) <= 329 * USD


@given(delivered, references, weights)
def test_the_multiplier_stays_between_its_bounds(smoothed: int, reference: int, weight: float) -> None:
    assert 600_000 <= tariff.multiplier(smoothed, reference, weight) <= 1_250_000


@given(delivered, delivered, references, weights, st.integers(0, 10**12))
def test_a_token_price_never_falls_when_electricity_rises(low: int, high: int, reference: int, weight: float, list_price: int) -> None:
    low, high = sorted((low, high))
    cheap, dear = (tariff.token_price(list_price, tariff.multiplier(s, reference, weight)) for s in (low, high))
    assert cheap <= dear


@given(delivered, references)
def test_weight_zero_is_a_fixed_price(smoothed: int, reference: int) -> None:
    assert tariff.multiplier(smoothed, reference, 0) == tariff.PPM


def test_without_a_reference_the_list_price_is_asked() -> None:
    assert tariff.multiplier(40 * USD, 0, 0.35) == tariff.PPM


@pytest.mark.parametrize(
    ("list_price", "ppm", "expected"),
    [
        (2_500_000_000, 892_000, 2_230_000_000),
        (123_456, 1_000_000, 123_000),
        (123_500, 1_000_000, 124_000),
        (0, 900_000, 0),
        (7, 600_000, 4),
    ],
)
def test_token_prices_have_three_significant_digits(list_price: int, ppm: int, expected: int) -> None:
    assert tariff.token_price(list_price, ppm) == expected


@given(st.integers(0, 10**13), st.integers(600_000, 1_250_000))
def test_rounding_is_at_most_half_a_percent(list_price: int, ppm: int) -> None:
    exact = list_price * ppm // tariff.PPM
    rounded = tariff.token_price(list_price, ppm)
    assert abs(rounded - exact) * 200 <= exact
    assert len(str(rounded).rstrip("0")) <= 3


def test_energy_is_the_modelled_watt_hours() -> None:
    assert tariff.watt_hours(1000, 500, joule_in=0.15, joule_out=0.55) == pytest.approx((150 + 275) * 1.6 * 1.25 / 3600)


def test_the_reference_is_the_average_over_the_sites() -> None:
    assert tariff.reference([40 * USD, 60 * USD, 80 * USD]) == 60 * USD
