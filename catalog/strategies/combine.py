"""Several tags at once: the average of their scores, whatever order they were written in."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from catalog.strategies import Candidate, latency, price, token_rate

SCORERS: Mapping[str, Callable[[Sequence[Candidate]], list[float]]] = {
    "price": price.score,
    "latency": latency.score,
    "token_rate": token_rate.score,
}
FORMULAS: Mapping[str, str] = {
    "price": "price = lowest price ÷ price, of three prompt tokens to one answered, routing fee included",
    "latency": "latency = shortest time to the first token ÷ time to the first token, medians of the last minutes",
    "token_rate": "token_rate = tokens per second ÷ most tokens per second, medians of the last minutes",
}
DIGITS = 6  # scores closer than this are a tie


class Ranked(msgspec.Struct, frozen=True):
    """A candidate's place in the order: its average score and the score of each tag."""

    candidate: Candidate
    score: float
    scores: dict[str, float]


def formula(tags: Sequence[str]) -> str:
    """How candidates were compared, in words; tags nobody knows are left out."""
    parts = [FORMULAS[tag] for tag in sorted(set(tags)) if tag in FORMULAS]
    average = "score = the average of these; " if len(parts) > 1 else ""
    return f"{'; '.join(parts)}; {average}ties go to the lower price, then to the lower endpoint id" if parts else ""


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
