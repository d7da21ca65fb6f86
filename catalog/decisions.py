"""A routing decision and its reasons: what is stored on the request and shown to whoever asks why."""

from collections.abc import Sequence
from typing import Any

import msgspec

from catalog.snapshot import ModelCard, Route
from catalog.strategies.combine import Ranked

MAX_CANDIDATES = 12  # a call tries three; the explanation shows as many as were kept
ATTEMPTS = 3  # that a call makes
MICRO, NANO = 1_000_000, 1_000_000_000
WHY_GONE = {  # by Route.withheld: why, and the constraint
    "": ("failed lately", "health"),
    "drained": ("drained by an operator", "maintenance"),
    "ejected": ("ejected by an operator", "maintenance"),
}


Candidates = tuple[tuple[ModelCard, Route], ...]


class Decision(msgspec.Struct, frozen=True):
    """Candidates in the order to try them (one to twelve), and the reasons as JSON.

    ``others`` could answer too, each worse than those before it: for a caller who cannot pay for the first candidate. ``quoted``
    would be first if the conversation did not stay where it is: nobody pays more for that than its price.
    """

    candidates: Candidates
    explanation: dict[str, Any]
    others: Candidates = ()
    quoted: Route | None = None


class Option(msgspec.Struct, frozen=True):
    """A route of a model. ``price`` compares calls, fee included; its unit is of no other use."""

    card: ModelCard
    route: Route
    price: int


class Reason(msgspec.Struct, frozen=True):
    """Why somebody cannot answer: the constraint, a sentence without its subject, the field to change, the code of a refusal for it."""

    constraint: str
    message: str
    param: str | None = None
    code: str = "invalid_request"


class Dropped(msgspec.Struct, frozen=True):
    """Who was no candidate because of what the call demands: an endpoint, or (no route) a whole model."""

    card: ModelCard
    route: Route | None
    reason: Reason


def by_score(ordered: Sequence[Option], ranked: Sequence[Ranked], tags: Sequence[str], everyone: Sequence[Option]) -> Decision:
    """For strategies: each candidate with its scores and the measurements behind them. ``ordered`` may differ from the ranks."""
    by_id = {row.candidate.endpoint_id: row for row in ranked}
    scored = [(option, by_id[option.route.endpoint_id]) for option in ordered[:MAX_CANDIDATES]]
    rows = [_scored(option, row, scored[0][1]) for option, row in scored]
    decision = _decision(ordered, "+".join(tags), "highest average score", rows)
    kept = {route.endpoint_id for _, route in decision.candidates}
    others = [(option.card, option.route) for option in everyone if option.route.endpoint_id not in kept]
    return msgspec.structs.replace(decision, others=tuple(others))


def by_default(ordered: Sequence[Option], strategy: str, won_by: str) -> Decision:
    """Without a strategy: each candidate with how it differs from the first."""
    rows = [_fact(option, _why_behind(option, ordered[0])) for option in ordered[:MAX_CANDIDATES]]
    return _decision(ordered, strategy, won_by, rows)


def excluded(gone: Sequence[Option], dropped: Sequence[Dropped]) -> list[dict[str, Any]]:
    """Who was no candidate: endpoints that are ejected or drained, and whoever the call's own demands dropped. At most twelve."""
    rows = [_excluded(option.card, option.route, *WHY_GONE[option.route.withheld]) for option in gone]
    rows += [_excluded(one.card, one.route, one.reason.message, one.reason.constraint) for one in dropped]
    return rows[:MAX_CANDIDATES]


def _excluded(card: ModelCard, route: Route | None, lost: str, constraint: str) -> dict[str, Any]:
    return {
        "endpoint": route.endpoint_id if route else None,
        "model": card.slug,
        "provider": route.provider if route else None,
        "data_center": route.data_center if route else None,
        "lost": lost,
        "constraint": constraint,
    }


def by_preference(decision: Decision) -> None:
    """The caller's own order came before any score or price."""
    first, *others = decision.explanation["candidates"]
    decision.explanation["won_by"], first["lost"] = "first in provider.order", ""
    for row in others:
        row["lost"] = "later in provider.order, or not in it"


def stays(decision: Decision, quoted: Route) -> Decision:
    """A conversation goes on where it was; ``quoted`` is where it would go now, and the most it pays."""
    for row in decision.explanation["candidates"][1:]:
        row["lost"] = "the conversation stays where its last turn was answered"
    tick = quoted.tick
    price = {"input_usd_per_mtok": tick.input_nanousd_per_mtok / NANO, "output_usd_per_mtok": tick.output_nanousd_per_mtok / NANO}
    where = {"endpoint": quoted.endpoint_id, "data_center": quoted.data_center, "price_tick": tick.id}
    return msgspec.structs.replace(decision, explanation=decision.explanation | {"quoted": where | price}, quoted=quoted)


def full_last(decision: Decision, full: frozenset[int]) -> Decision:
    """Endpoints where every place is taken are tried after all others, should one become free by then."""
    rows = sorted(decision.explanation["candidates"], key=lambda row: row["endpoint"] in full)
    for row in rows:
        if row["endpoint"] in full:
            row["lost"] = "every place there is taken"
    if rows[0]["lost"]:
        rows[0]["lost"], decision.explanation["won_by"] = "", "first with a free place"
    ordered = sorted(decision.candidates, key=lambda candidate: candidate[1].endpoint_id in full)
    explanation = decision.explanation | {"candidates": rows}
    return msgspec.structs.replace(decision, candidates=tuple(ordered), explanation=explanation)


def within_means(decision: Decision, card: ModelCard, route: Route, why: str) -> dict[str, Any]:
    """The explanation once more, where those before this candidate cannot be paid for."""
    before, behind = [], list(decision.explanation["candidates"])
    if route.endpoint_id in [row["endpoint"] for row in behind]:
        while behind[0]["endpoint"] != route.endpoint_id:
            before.append(behind.pop(0))
        behind.pop(0)
    else:
        before, behind = behind, []
    chosen = _fact(Option(card, route, 0), "")
    rows = [chosen, *[row | {"lost": "cannot be paid for now"} for row in before], *behind][:MAX_CANDIDATES]
    return decision.explanation | {"won_by": "first that can be paid for", "candidates": rows, "wallet": why}


def one_after_another(decided: Sequence[Decision], passed_over: Sequence[str]) -> Decision:
    """Several models, each a fallback of those before it: every one gets an attempt, the first ones what is left of them."""
    if len(decided) == 1 and not passed_over:
        return decided[0]
    turns = _each_once([decision.candidates for decision in decided])
    shares = _shares([len(turn) for turn in turns])
    tried = [candidate for turn, share in zip(turns, shares, strict=True) for candidate in turn[:share]]
    spare = [candidate for turn, share in zip(turns, shares, strict=True) for candidate in turn[share:]]
    explanation = dict(decided[0].explanation)
    if len(decided) > 1:
        explanation["fallbacks"] = [decision.explanation for decision in decided[1:]]
    if passed_over:
        explanation["passed_over"] = list(passed_over)
    ordered = [*tried, *spare]
    others = [*ordered[MAX_CANDIDATES:], *[candidate for decision in decided for candidate in decision.others]]
    return Decision(tuple(ordered[:MAX_CANDIDATES]), explanation, tuple(others), decided[0].quoted)


def _each_once(turns: Sequence[Candidates]) -> list[Candidates]:
    """An endpoint that two names lead to is tried for the first of them."""
    seen: set[int] = set()
    kept = []
    for turn in turns:
        kept.append(tuple([(card, route) for card, route in turn if route.endpoint_id not in seen]))
        seen |= {route.endpoint_id for _, route in turn}
    return kept


def _shares(sizes: Sequence[int]) -> list[int]:
    """How many of each turn go first: one where there is one, and to the first turns what is left of the attempts."""
    shares = [min(size, 1) for size in sizes]
    for index, size in enumerate(sizes):
        shares[index] += max(0, min(size - 1, ATTEMPTS - sum(shares)))
    return shares


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
    electricity = route.electricity
    return {
        "endpoint": route.endpoint_id,
        "model": route.model_slug,
        "provider": route.provider,
        "data_center": route.data_center,
        "input_usd_per_mtok": tick.input_nanousd_per_mtok / NANO,
        "output_usd_per_mtok": tick.output_nanousd_per_mtok / NANO,
        "fee_basis_points": tick.fee_basis_points,
        "electricity_usd_per_mwh": electricity.smoothed / MICRO if electricity else None,
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
    here, there = option.route.electricity, first.route.electricity
    if here and there and here.smoothed != there.smoothed:
        return _electricity_apart(here.smoothed - there.smoothed)
    if there and not here:
        return "not at a data center of CLōD"
    return "dearer" if option.price > first.price else "no cheaper, and later in the catalog"


def _electricity_apart(difference: int) -> str:
    if difference > 0:
        return f"electricity ${difference / MICRO:.2f}/MWh dearer"
    return f"electricity ${-difference / MICRO:.2f}/MWh cheaper, which does not make up for moving"
