"""``@token_rate``: the most tokens per second, as measured lately."""

from collections.abc import Sequence

from catalog.strategies import Candidate, neutral

SLOWEST_TOKENS_PER_S = 0.001


def score(candidates: Sequence[Candidate]) -> list[float]:
    """Rate ÷ highest rate."""
    rates = [None if candidate.tokens_per_s is None else max(candidate.tokens_per_s, SLOWEST_TOKENS_PER_S) for candidate in candidates]
    highest = max((rate for rate in rates if rate is not None), default=SLOWEST_TOKENS_PER_S)
    return neutral([None if rate is None else rate / highest for rate in rates])
