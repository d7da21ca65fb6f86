"""The energy-indexed tariff: pure functions from an electricity price to a token price.

Everything that quotes a price calls these: ticks, charts, the back-test, the documentation's examples.
Electricity is micro-USD per MWh, token prices are nano-USD per million tokens, multipliers are millionths.
"""

FLOOR_MICROUSD_PER_MWH = 0
CAP_MICROUSD_PER_MWH = 300_000_000
LOSS_PPM = 1_030_000
INTERVAL_MIN = 5
HALF_LIFE_MIN = 15
MAX_STEP_PPM = 100_000
MIN_STEP_BASE_MICROUSD_PER_MWH = 10_000_000
MAX_DISCOUNT_PPM = 400_000
MAX_SURCHARGE_PPM = 250_000
DEFAULT_WEIGHT = 0.35
PPM = 1_000_000
SIGNIFICANT_DIGITS = 3
SERVER_OVERHEAD = 1.6
DEFAULT_PUE = 1.25
JOULE_PER_WH = 3600

_ALPHA: float = 1 - 0.5 ** (INTERVAL_MIN / HALF_LIFE_MIN)


def delivered(wholesale: int, adder: int) -> int:
    """What a MWh costs at the site: the market price between $0 and $300, 3 % losses, and the site's adder."""
    clipped = min(max(wholesale, FLOOR_MICROUSD_PER_MWH), CAP_MICROUSD_PER_MWH)
    return clipped * LOSS_PPM // PPM + adder


def smooth(before: int | None, price: int) -> int:
    """The smoothed price one 5-minute interval later: half-life 15 minutes, at most 10 % of itself per interval.

    Below $10 the limit stays at $1, or a price that has come down to zero could never rise again.
    """
    if before is None:
        return price
    limit = max(abs(before), MIN_STEP_BASE_MICROUSD_PER_MWH) * MAX_STEP_PPM // PPM
    step = round(_ALPHA * (price - before))
    return before + min(max(step, -limit), limit)


def multiplier(smoothed: int, reference: int, weight: float) -> int:
    """Price ÷ list price in millionths: between 0.60 and 1.25, rising with ``smoothed``; 1 at weight 0."""
    if reference <= 0 or weight <= 0:
        return PPM
    raw = PPM + round(weight * PPM * (smoothed - reference) / reference)
    return min(max(raw, PPM - MAX_DISCOUNT_PPM), PPM + MAX_SURCHARGE_PPM)


def token_price(list_price: int, multiplier_ppm: int) -> int:
    """The list price times the multiplier, to three significant digits (halves upwards)."""
    return _to_significant(list_price * multiplier_ppm // PPM)


def _to_significant(amount: int) -> int:
    unit: int = 10 ** max(len(str(amount)) - SIGNIFICANT_DIGITS, 0)
    return (amount + unit // 2) // unit * unit


def reference(means: list[int]) -> int:
    """The price that means "as usual": the average over the sites of each site's trailing mean."""
    return sum(means) // len(means)


def watt_hours(prompt_tokens: int, completion_tokens: int, joule_in: float, joule_out: float, pue: float = DEFAULT_PUE) -> float:
    """Modelled energy of one request in Wh: GPU energy, 1.6 for the rest of the server, PUE for the building."""
    joule = joule_in * prompt_tokens + joule_out * completion_tokens
    return joule * SERVER_OVERHEAD * pue / JOULE_PER_WH
