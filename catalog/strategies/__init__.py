"""What a strategy tag prefers: pure scorers over candidates, each relative to the best, and their average.

A score is between 0 and 1; the best candidate has 1. A scorer looks at all candidates at once and gives scores in their
order; the order itself changes nothing. An endpoint without measurements gets the mean of those that have some: neither
punished nor preferred, and found out about as soon as it is also the cheapest.
"""

import math
from collections.abc import Sequence

import msgspec


class Candidate(msgspec.Struct, frozen=True):
    """What the scorers know. ``price`` is any unit common to all candidates; None is "not measured yet"."""

    endpoint_id: int
    price: int
    ttft_ms: float | None = None
    tokens_per_s: float | None = None


def neutral(scores: Sequence[float | None]) -> list[float]:
    """Fill the gaps with the mean of what is known, 1 when nothing is. ``fsum`` is exact, so order cannot matter."""
    if None not in scores:
        return scores  # type: ignore[return-value]
    known = [score for score in scores if score is not None]
    mean = math.fsum(known) / len(known) if known else 1.0
    return [mean if score is None else score for score in scores]
