"""``@price``: the lowest price per token, fee included."""

from collections.abc import Sequence

from catalog.strategies import Candidate


def score(candidates: Sequence[Candidate]) -> list[float]:
    """Lowest price ÷ price; next to a candidate that costs nothing all others score 0."""
    lowest = min(candidate.price for candidate in candidates)
    return [1.0 if candidate.price == lowest else lowest / candidate.price for candidate in candidates]
