"""What tokens cost: integers, one rounding, upwards."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.cost import charge, hold_bound
from clod_site.lib.money import usd

tokens = st.integers(0, 2_000_000)
prices = st.integers(0, usd("100"))
fees = st.sampled_from([0, 1, 500, 10_000])


def test_a_thousand_tokens_at_five_percent() -> None:
    assert charge(1000, 500, usd("2.50"), usd("10.00"), 500) == (usd("0.007875"), usd("0.000375"))


def test_the_smallest_use_costs_the_smallest_amount() -> None:
    assert charge(1, 0, 1, 0, 0) == (1, 0)
    assert charge(0, 0, usd("1"), usd("1"), 500) == (0, 0)


def test_a_negative_count_is_a_defect() -> None:
    with pytest.raises(ValueError, match="negative"):
        charge(-1, 0, 1, 1, 0)


@given(tokens, tokens, prices, prices, fees)
def test_it_rounds_once_upwards(prompt: int, completion: int, input_price: int, output_price: int, fee: int) -> None:
    exact = Fraction(prompt * input_price + completion * output_price, 1_000_000) * Fraction(10_000 + fee, 10_000)
    total, fee_part = charge(prompt, completion, input_price, output_price, fee)
    assert 0 <= total - exact < 1
    assert 0 <= fee_part <= total
    assert abs(fee_part - exact * fee / (10_000 + fee)) < 1


@given(st.tuples(tokens, tokens), st.tuples(tokens, tokens), prices, prices, fees)
def test_no_call_within_its_bounds_costs_more_than_its_hold(
    prompt: tuple[int, int], completion: tuple[int, int], input_price: int, output_price: int, fee: int
) -> None:
    bound = hold_bound(max(prompt), max(completion), input_price, output_price, fee)
    assert charge(min(prompt), min(completion), input_price, output_price, fee).total <= bound
