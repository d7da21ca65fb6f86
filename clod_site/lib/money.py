"""Money is an integer number of nano-dollars (1 USD = 1_000_000_000) everywhere inside.

Prices are nano-dollars per million tokens, so $2.50 per million tokens is 2_500_000_000.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

NANO = 1_000_000_000
TOKENS_PER_PRICE = 1_000_000
BASIS_POINTS = 10_000
CENTS = 2  # decimals of a dollar
DECIMALS = 9
MOST_PERCENT = 999


def usd(text: str | int | Decimal) -> int:
    """Nano-dollars of an exact dollar amount: ``usd("5.00") == 5_000_000_000``.

    Raises ValueError for text that is no number, is not finite, or has more than nine decimals.
    """
    try:
        amount = Decimal(text) * NANO
        nano = int(amount)
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise ValueError(f"{text!r} is not an amount in dollars; write it like 5.00") from error
    if nano != amount:
        raise ValueError(f"{text!r} has more than nine decimals; the smallest amount is $0.000000001")
    return nano


def as_decimal(nanousd: int) -> Decimal:
    """Dollars as an exact Decimal, for APIs and CSV."""
    return Decimal(nanousd) / NANO


def as_number(nanousd: int) -> float:
    """Dollars as a JSON number. Exact to nine decimals below eight million dollars."""
    return nanousd / NANO


def as_text(nanousd: int) -> str:
    """Dollars in plain digits without an exponent or trailing zeros: ``"0.000012"``."""
    text = f"{as_decimal(nanousd):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def picousd_as_text(picousd: int) -> str:
    """A cost too small for nano-dollars, in dollars, every digit there is."""
    return f"{Decimal(picousd).scaleb(-12).normalize():f}"


def in_digits(dollars: float) -> str:
    """A number of dollars as somebody wrote it, without an exponent: ``"0.0000001"``."""
    return f"{Decimal(f'{dollars:.12g}'):f}"


def format_usd(nanousd: int) -> str:
    """How people read it: two decimals from a cent up, three significant digits below it.

    >>> format_usd(1_234_500_000), format_usd(12_345), format_usd(0), format_usd(-5_000_000_000)
    ('$1.23', '$0.0000123', '$0.00', '−$5.00')
    """
    return _format(nanousd, CENTS)


def tell_apart(*nanousd: int) -> tuple[str, ...]:
    """Amounts that are read beside each other: as ``format_usd`` has them, with more decimals where two that differ would read the same.

    >>> tell_apart(16_638_300, 20_000_000), tell_apart(5_000_000_000, 20_000_000_000)
    (('$0.017', '$0.02'), ('$5.00', '$20.00'))
    """
    different = len(set(nanousd))
    attempts = (tuple(_format(amount, decimals) for amount in nanousd) for decimals in range(CENTS, DECIMALS + 1))
    return next(texts for texts in attempts if len(set(texts)) == different)


def share(nanousd: int, of_nanousd: int) -> str:
    """In percent, rounded down, so that 100 is all of it. A cap may be lowered far below what is spent: then the number says nothing.

    >>> share(85, 100), share(13_183_275, 100)
    ('85 %', 'more than 999 %')
    """
    percent = nanousd * 100 // of_nanousd
    return f"{percent} %" if percent <= MOST_PERCENT else f"more than {MOST_PERCENT} %"


def _format(nanousd: int, decimals: int) -> str:
    """With so many decimals, and below a cent at least three significant digits; without zeros at the end beyond the cents."""
    amount = abs(as_decimal(nanousd))
    digits = decimals if amount == 0 or amount >= Decimal("0.01") else max(decimals, 2 - amount.adjusted())
    whole, _, fraction = f"{amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):,f}".partition(".")
    return f"{'−' if nanousd < 0 else ''}${whole}.{fraction.rstrip('0').ljust(CENTS, '0')}"


def ceil_div(numerator: int, denominator: int) -> int:
    """Division rounded upwards: the one rounding a request is allowed."""
    return -(-numerator // denominator)
