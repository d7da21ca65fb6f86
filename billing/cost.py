"""What a call costs. Pure integers: nano-USD, from prices in nano-USD per million tokens and a fee in basis points.

A request is rounded once, upwards, on its total; the fee shown beside it is what the fee added to that total.
"""

from functools import lru_cache
from typing import NamedTuple

from clod_site.lib.money import BASIS_POINTS, TOKENS_PER_PRICE, ceil_div

RECENT = 4096  # a call's row, headers, usage and log line all ask for the same few


class Cost(NamedTuple):
    """``total`` is what is charged; ``fee`` is the part of it that is the routing fee."""

    total: int
    fee: int


@lru_cache(maxsize=RECENT)
def hold_bound(prompt_bound: int, max_output: int, input_price: int, output_price: int, fee_bp: int) -> int:
    """The most a call can cost: every prompt token it may have, every output token it is allowed."""
    return _total(prompt_bound, max_output, input_price, output_price, fee_bp)


@lru_cache(maxsize=RECENT)
def charge(prompt_tokens: int, completion_tokens: int, input_price: int, output_price: int, fee_bp: int) -> Cost:
    """What these tokens cost; the same arguments give the same integers for ever (promise P8).

    Raises ValueError for a negative count: usage an upstream made up is clamped before it comes here.
    """
    if prompt_tokens < 0 or completion_tokens < 0:
        raise ValueError("token counts cannot be negative")
    total = _total(prompt_tokens, completion_tokens, input_price, output_price, fee_bp)
    return Cost(total, total - _total(prompt_tokens, completion_tokens, input_price, output_price, 0) if fee_bp else 0)


def _total(prompt_tokens: int, completion_tokens: int, input_price: int, output_price: int, fee_bp: int) -> int:
    exact = (prompt_tokens * input_price + completion_tokens * output_price) * (BASIS_POINTS + fee_bp)
    return ceil_div(exact, TOKENS_PER_PRICE * BASIS_POINTS)
