"""Several tags at once: the average of their scores, whatever order they were written in."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from catalog.strategies import Candidate, latency, price, token_rate

SCORERS: Mapping[str, Callable[[Sequence[Candidate]], list[float]]] = {
    "price": price.score,
    "latency": latency.score,
    "token_rate": token_rate.score,
}
DIGITS = 6  # scores closer than this are a tie


class Ranked(msgspec.Struct, frozen=True):
    """A candidate's place in the order: its average score and the score of each tag."""

    candidate: Candidate
    score: float
    scores: dict[str, float]


def rank(candidates: Sequence[Candidate], tags: Sequence[str]) -> list[Ranked]:
    """Best first. Ties go to the lower price, then to the lower endpoint id. Nothing in, nothing out."""
    if not candidates:
        return []
    tags = sorted(set(tags))
    columns = [SCORERS[tag](candidates) for tag in tags]
    ranked = [
        Ranked(candidate, round(sum(scores) / len(scores), DIGITS), dict(zip(tags, scores, strict=True)))
        for candidate, scores in zip(candidates, zip(*columns, strict=True), strict=True)
    ]
    ranked.sort(key=lambda row: (-row.score, row.candidate.price, row.candidate.endpoint_id))
    return ranked
