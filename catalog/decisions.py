"""A routing decision and its reasons: what is stored on the request and shown to whoever asks why."""

from collections.abc import Sequence
from typing import Any

import msgspec

from catalog.snapshot import ModelCard, Route
from catalog.strategies.combine import Ranked

MAX_CANDIDATES = 12  # a call tries three; the explanation shows as many as were kept
MICRO, NANO = 1_000_000, 1_000_000_000


class Decision(msgspec.Struct, frozen=True):
    """Candidates in the order to try them (one to twelve), and the reasons as JSON."""

    candidates: tuple[tuple[ModelCard, Route], ...]
    explanation: dict[str, Any]


class Option(msgspec.Struct, frozen=True):
    """An available route of a model. ``price`` compares calls, fee included; its unit is of no other use."""

    card: ModelCard
    route: Route
    price: int


def by_score(ordered: Sequence[Option], ranked: Sequence[Ranked], tags: Sequence[str]) -> Decision:
    """For strategy tags: each candidate with its scores and the measurements behind them."""
    rows = [_scored(option, row, ranked[0]) for option, row in zip(ordered[:MAX_CANDIDATES], ranked, strict=False)]
    return _decision(ordered, "+".join(tags), "highest average score", rows)


def by_default(ordered: Sequence[Option], strategy: str, won_by: str) -> Decision:
    """Without a tag: each candidate with how it differs from the first."""
    rows = [_fact(option, _why_behind(option, ordered[0])) for option in ordered[:MAX_CANDIDATES]]
    return _decision(ordered, strategy, won_by, rows)


def excluded(cards: Sequence[ModelCard], unavailable: frozenset[int]) -> list[dict[str, Any]]:
    """The endpoints that were no candidates because they are ejected."""
    gone = [route for card in cards for route in card.routes if route.endpoint_id in unavailable]
    return [
        {"endpoint": route.endpoint_id, "model": route.model_slug, "data_center": route.data_center, "lost": "failed lately"}
        for route in gone[:MAX_CANDIDATES]
    ]


def _decision(ordered: Sequence[Option], strategy: str, won_by: str, rows: list[dict[str, Any]]) -> Decision:
    explanation = {"strategy": strategy, "won_by": won_by, "candidates": rows, "not_shown": len(ordered) - len(rows)}
    return Decision(tuple([(option.card, option.route) for option in ordered[:MAX_CANDIDATES]]), explanation)


def _scored(option: Option, row: Ranked, best: Ranked) -> dict[str, Any]:
    fact = _fact(option, _why_ranked_lower(row, best))
    fact["ttft_ms"], fact["tokens_per_s"] = row.candidate.ttft_ms, row.candidate.tokens_per_s
    fact["scores"], fact["score"] = row.scores, row.score
    return fact


def _fact(option: Option, lost: str) -> dict[str, Any]:
    route, tick = option.route, option.route.tick
    electricity = route.delivered_microusd_per_mwh
    return {
        "endpoint": route.endpoint_id,
        "model": route.model_slug,
        "provider": route.provider,
        "data_center": route.data_center,
        "input_usd_per_mtok": tick.input_nanousd_per_mtok / NANO,
        "output_usd_per_mtok": tick.output_nanousd_per_mtok / NANO,
        "fee_basis_points": tick.fee_basis_points,
        "electricity_usd_per_mwh": None if electricity is None else electricity / MICRO,
        "lost": lost,
    }


def _why_ranked_lower(row: Ranked, best: Ranked) -> str:
    if row is best:
        return ""
    if row.score < best.score:
        return f"score {row.score:.3f} against {best.score:.3f}"
    return "same score, dearer" if row.candidate.price > best.candidate.price else "same score and price, later endpoint id"


def _why_behind(option: Option, first: Option) -> str:
    if option is first:
        return ""
    here, there = option.route.delivered_microusd_per_mwh, first.route.delivered_microusd_per_mwh
    if here is not None and there is not None and here != there:
        return _electricity_apart(here - there)
    if here is None and there is not None:
        return "not at a data center of CLōD"
    return "dearer" if option.price > first.price else "no cheaper, and later in the catalog"


def _electricity_apart(difference: int) -> str:
    if difference > 0:
        return f"electricity ${difference / MICRO:.2f}/MWh dearer"
    return f"electricity ${-difference / MICRO:.2f}/MWh cheaper, which does not make up for moving"
