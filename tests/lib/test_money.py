from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clod_site.lib import money

NANOUSD = st.integers(-(2**63), 2**63 - 1)


@pytest.mark.parametrize(
    ("text", "nanousd"),
    [
        ("5.00", 5_000_000_000),
        ("0.000000001", 1),
        ("-0.25", -250_000_000),
        (3, 3_000_000_000),
        (Decimal("2.50"), 2_500_000_000),
        ("1e3", 1_000_000_000_000),
    ],
)
def test_an_exact_dollar_amount_becomes_an_integer(text, nanousd):
    assert money.usd(text) == nanousd


@pytest.mark.parametrize("text", ["", "five", "NaN", "Infinity", "-Infinity", "1,000", "$5", None, "0x10"])
def test_an_amount_that_is_no_number_is_refused_with_an_example(text):
    with pytest.raises((ValueError, TypeError)) as refusal:
        money.usd(text)
    assert text is None or "write it like 5.00" in str(refusal.value)


def test_a_tenth_decimal_is_refused_rather_than_rounded():
    with pytest.raises(ValueError, match="more than nine decimals"):
        money.usd("0.0000000001")


@given(NANOUSD)
def test_every_amount_survives_text_and_back(nanousd):
    assert money.usd(money.as_text(nanousd)) == nanousd
    assert money.usd(money.as_decimal(nanousd)) == nanousd


@given(NANOUSD)
def test_plain_text_has_no_exponent_and_no_trailing_zeros(nanousd):
    text = money.as_text(nanousd)
    assert "e" not in text.lower()
    assert "." not in text or not text.endswith(("0", "."))


@given(st.integers(0, 8_000_000 * money.NANO))
def test_a_json_number_is_exact_to_nine_decimals(nanousd):
    assert money.usd(f"{money.as_number(nanousd):.9f}") == nanousd


@pytest.mark.parametrize(
    ("nanousd", "shown"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (12_345, "$0.0000123"),
        (999_999, "$0.001"),
        (9_999_999, "$0.01"),
        (10_000_000, "$0.01"),
        (1_005_000_000, "$1.01"),
        (1_234_567_890_000_000, "$1,234,567.89"),
        (-5_000_000_000, "−$5.00"),
        (-12_345, "−$0.0000123"),
    ],
)
def test_people_read_cents_or_three_significant_digits(nanousd, shown):
    assert money.format_usd(nanousd) == shown


@pytest.mark.parametrize(
    ("amounts", "shown"),
    [
        ((16_638_300, 20_000_000), ("$0.017", "$0.02")),
        ((11_900_000, 12_300_000), ("$0.0119", "$0.0123")),
        ((4_999_999, 5_000_000), ("$0.004999999", "$0.005")),
        ((19_999_900_000, 20_000_000_000), ("$19.9999", "$20.00")),
        ((1_234_567_890_000_000, 1_234_567_890_000_001), ("$1,234,567.89", "$1,234,567.890000001")),
        ((5, 5), ("$0.000000005", "$0.000000005")),
        ((0,), ("$0.00",)),
    ],
)
def test_amounts_that_differ_never_read_the_same(amounts, shown):
    assert money.tell_apart(*amounts) == shown


@given(st.lists(NANOUSD, min_size=1, max_size=3))
def test_any_amounts_can_be_told_apart(amounts):
    assert len(set(money.tell_apart(*amounts))) == len(set(amounts))


@given(st.integers(0, 10**30), st.integers(1, 10**18))
def test_the_one_rounding_is_upwards_and_by_less_than_one(numerator, denominator):
    result = money.ceil_div(numerator, denominator)
    assert (result - 1) * denominator < numerator <= result * denominator


@pytest.mark.parametrize(
    ("spent", "told"),
    [(0, "0 %"), (79, "79 %"), (99, "99 %"), (100, "100 %"), (999, "999 %"), (1000, "more than 999 %"), (13_183_275, "more than 999 %")],
)
def test_a_share_is_rounded_down_and_ends_where_it_says_nothing(spent: int, told: str) -> None:
    assert money.share(spent, 100) == told
    assert money.share(spent * 10 + 9, 1000) == told
