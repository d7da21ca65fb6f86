"""Which endpoint answers: every candidate for a call, the best first, and why each of the others lost.

Strategy tags rank by score (``catalog.strategies``). Without a tag a CLōD-hosted model goes to the data center that
``catalog.energy.routed`` has decided for, and where that cannot take the call to the one with the cheapest electricity; a
third-party model goes to the lowest price. Called once per request; pure, but for the decisions it keeps to give them again.
"""

from collections.abc import Mapping, Sequence

import msgspec

from catalog import decisions, demands, names, operations, preferences
from catalog.decisions import Decision, Option
from catalog.demands import Demands
from catalog.names import Wanted
from catalog.snapshot import Catalog, ModelCard, Route
from catalog.stats import Observed
from catalog.strategies import Candidate
from catalog.strategies.combine import rank
from clod_site.lib.money import BASIS_POINTS
from clod_site.lib.refusal import Refusal

INPUT_PARTS, OUTPUT_PARTS = 3, 1  # the call that prices are compared for: three prompt tokens to each answered one
RETRY_AFTER_S = 10
PLACE_RETRY_AFTER_S = 1
MAINTENANCE_RETRY_AFTER_S = 60
ENERGY_WON = "cheapest electricity, or not dearer by enough for long enough to move"
STICKY_WON = "answered this conversation before, and costs no more than where it would go now"
CHEAPEST_WON = "cheapest electricity of those that can take this call"


class ModelNotAllowed(Refusal):
    status, type, code = 403, "permission_error", "model_not_allowed"


class ModelNotAvailable(Refusal):
    status, type, code = 503, "server_error", "model_not_available"


class WrongOperation(Refusal):
    """400: a model that is there, and is called at another address."""


class Circumstances(msgspec.Struct, frozen=True):
    """What decides beside the names: ``allowed`` holds model slugs (None: all), ``unavailable``, ``full`` and ``sticky`` endpoint ids.

    ``full`` are those where every place is taken (``catalog.places``). ``sticky`` is the endpoint that answered this conversation
    before; without a strategy it goes first, at no higher price than the one it overtakes. ``caller`` is who calls, as refusals say it.
    """

    allowed: frozenset[str] | None
    stats: Mapping[int, Observed]
    unavailable: frozenset[int]
    full: frozenset[int] = frozenset()
    sticky: int | None = None
    demands: Demands = demands.NONE
    operation: str = operations.CHAT
    caller: str = "This key"


def order(catalog: Catalog, wanted: Sequence[Wanted], now: Circumstances) -> Decision:
    """Candidates for a call that names these models, each a fallback of those before it; one that cannot answer is passed over.

    Raises ModelNotFound 404 for any unknown name; when nobody is left ModelNotAllowed 403, ModelNotAvailable 503, and 400
    where the call's own demands leave nobody, or the model is called at another address.
    """
    decided: list[Decision] = []
    passed_over: list[Refusal] = []
    for one in wanted:
        if usual := _as_before(catalog, one, now):
            decided.append(usual)
            continue
        cards = _named(catalog, one)
        try:
            decided.append(_order(catalog, one, cards, now))
        except Refusal as refusal:
            passed_over.append(refusal)
    if not decided:
        raise _none_of(passed_over)
    return decisions.one_after_another(decided, [refusal.message for refusal in passed_over])


def _order(catalog: Catalog, wanted: Wanted, cards: Sequence[ModelCard], now: Circumstances) -> Decision:
    configured = _configured(_offering(_allowed(cards, wanted, now), wanted, now), wanted)
    options, dropped = demands.sift(configured, now.demands)
    if not options:
        raise demands.nobody_left(dropped)
    here = [option for option in options if not _is_gone(option, now)]
    if not here:
        raise _all_gone(cards, wanted, options)
    preferred = now.demands.preferences
    tags = wanted.tags or ((preferred.sort,) if preferred.sort else ())
    decision = _by_strategy(here, tags, now) if tags else _by_default(here, now)
    if preferred.order:
        decisions.by_preference(decision)
    if now.full:
        decision = _with_a_place(decision, now.full)
    if len(here) < len(configured):
        gone = [option for option in options if _is_gone(option, now)]
        decision.explanation["excluded"] = decisions.excluded(gone, dropped)
    elif _is_usual(wanted, now):
        _decided.keep(catalog, wanted, now, configured, decision)
    return decision


# --- what was decided before -----------------------------------------------------------------------


class _Decided:
    """The usual decisions of one catalog, each with its options: of a model that has nine data centers there is much to explain."""

    MOST = 4096

    def __init__(self) -> None:
        self._kept: tuple[Catalog | None, dict[tuple[object, ...], tuple[list[Option], Decision]]] = None, {}

    def find(self, catalog: Catalog, wanted: Wanted, now: Circumstances) -> tuple[list[Option], Decision] | None:
        of, kept = self._kept
        return kept.get((wanted.name, now.allowed, now.operation)) if of is catalog else None

    def keep(self, catalog: Catalog, wanted: Wanted, now: Circumstances, options: list[Option], decision: Decision) -> None:
        of, kept = self._kept
        if of is not catalog or len(kept) >= self.MOST:
            self._kept = _, kept = catalog, {}
        kept[wanted.name, now.allowed, now.operation] = options, decision


_decided = _Decided()


def _is_usual(wanted: Wanted, now: Circumstances) -> bool:
    """Whether the catalog alone decides: no strategy, no wish, no conversation that stays, nobody who has failed or is full."""
    is_left_to_us = not wanted.tags and now.sticky is None and now.demands.preferences is preferences.NONE
    return is_left_to_us and not now.unavailable and not now.full


def _as_before(catalog: Catalog, wanted: Wanted, now: Circumstances) -> Decision | None:
    """The usual decision, if every endpoint can take this call, too. Nobody changes it: it is many calls'."""
    found = _decided.find(catalog, wanted, now) if _is_usual(wanted, now) else None
    if found is None or demands.sift(found[0], now.demands)[1]:
        return None
    return found[1]


def _is_gone(option: Option, now: Circumstances) -> bool:
    """An operator withholds it, or it has failed lately."""
    return bool(option.route.withheld) or option.route.endpoint_id in now.unavailable


def _with_a_place(decision: Decision, full: frozenset[int]) -> Decision:
    ids = {route.endpoint_id for _, route in decision.candidates}
    if ids <= full:
        raise all_taken(decision.candidates[0][0].name)
    return decisions.full_last(decision, full) if ids & full else decision


def _none_of(refusals: Sequence[Refusal]) -> Refusal:
    """The first model's refusal, with the sentences of the others behind its own."""
    first = refusals[0]
    first.message = " ".join(dict.fromkeys(refusal.message for refusal in refusals))
    return first


# --- who may answer ------------------------------------------------------------------------------


def _named(catalog: Catalog, wanted: Wanted) -> Sequence[ModelCard]:
    return (names.resolve(catalog, wanted.name, wanted.param),) if wanted.name else tuple(catalog.models.values())


def _allowed(cards: Sequence[ModelCard], wanted: Wanted, now: Circumstances) -> Sequence[ModelCard]:
    kept = cards if now.allowed is None else [card for card in cards if card.slug in now.allowed]
    if kept:
        return kept
    if wanted.name:
        raise ModelNotAllowed(
            f"{now.caller} may not use {cards[0].name}. Allow it under Projects › Models, or choose one of the models in GET /v1/models.",
            param=wanted.param,
        )
    raise ModelNotAllowed(f"{now.caller} may use no model. Allow one under Projects › Models.", param=wanted.param)


def _offering(cards: Sequence[ModelCard], wanted: Wanted, now: Circumstances) -> Sequence[ModelCard]:
    kept = [card for card in cards if now.operation in card.operations]
    if kept:
        return kept
    if wanted.name:
        where = operations.elsewhere(cards[0].operations)
        raise WrongOperation(f"{cards[0].name} {where}.", param=wanted.param, extra={"constraint": "operations"})
    raise ModelNotAllowed(
        f"{now.caller} may use no model for {now.operation}. Allow one under Projects › Models; "
        "GET /v1/models tells the operations of each.",
        param=wanted.param,
    )


def _configured(cards: Sequence[ModelCard], wanted: Wanted) -> list[Option]:
    options = [Option(card, route, price_of(route)) for card in cards for route in card.routes]
    if options:
        return options
    raise ModelNotAvailable(
        f"{_who(cards, wanted)} is listed in the catalog but has no endpoint configured here: its servers' address, its provider's key or "
        "its first price is missing. "
        "Choose another model; the Models page shows which can be called.",
        param=wanted.param,
        extra={"constraint": "endpoints"},
    )


def _all_gone(cards: Sequence[ModelCard], wanted: Wanted, options: Sequence[Option]) -> ModelNotAvailable:
    withheld = sum(bool(option.route.withheld) for option in options)
    if withheld == 0:
        return _all_failed(cards, wanted, len(options))
    others = " The others have failed lately." if withheld < len(options) else ""
    return ModelNotAvailable(
        f"{_who(cards, wanted)} is in maintenance: {withheld} of its {len(options)} endpoints here "
        f"{'take' if withheld > 1 else 'takes'} no calls until an operator puts {'them' if withheld > 1 else 'it'} back.{others} "
        "Try again later, or choose another model.",
        param=wanted.param,
        retry_after_s=MAINTENANCE_RETRY_AFTER_S,
        extra={"constraint": "maintenance"},
    )


def _all_failed(cards: Sequence[ModelCard], wanted: Wanted, count: int) -> ModelNotAvailable:
    return ModelNotAvailable(
        f"{_who(cards, wanted)} has {count} endpoint{'s' * (count > 1)} here, and all of them have failed lately. "
        "They are tried again within seconds; try again then, or choose another model.",
        param=wanted.param,
        retry_after_s=RETRY_AFTER_S,
        extra={"constraint": "health"},
    )


def all_taken(model: str) -> ModelNotAvailable:
    return ModelNotAvailable(
        f"Every endpoint of {model} that is left runs as many calls as it takes. Try again in a moment, or choose another model.",
        param="model",
        retry_after_s=PLACE_RETRY_AFTER_S,
        extra={"constraint": "concurrency"},
    )


def _who(cards: Sequence[ModelCard], wanted: Wanted) -> str:
    return cards[0].name if wanted.name else f"Each of the {len(cards)} models that may be called"


def price_of(route: Route) -> int:
    """What a typical call costs there relative to others: three prompt tokens to one answered, routing fee included."""
    tick = route.tick
    call = INPUT_PARTS * tick.input_nanousd_per_mtok + OUTPUT_PARTS * tick.output_nanousd_per_mtok
    return call * (BASIS_POINTS + tick.fee_basis_points)


# --- strategies ----------------------------------------------------------------------------------


def _by_strategy(options: Sequence[Option], tags: Sequence[str], now: Circumstances) -> Decision:
    by_id = {option.route.endpoint_id: option for option in options}
    ranked = rank([_candidate(option, now.stats) for option in options], tags)
    ordered = [by_id[row.candidate.endpoint_id] for row in ranked]
    arrange = now.demands.preferences.arrange
    return decisions.by_score(arrange(_of_one_kind(ordered)), ranked, tags, arrange(ordered))


def _of_one_kind(ordered: list[Option]) -> list[Option]:
    """A free request ends at a free model, whichever endpoint fails: who comes after a free first choice is free, too."""
    return [option for option in ordered if option.card.is_free] if ordered[0].card.is_free else ordered


def _candidate(option: Option, stats: Mapping[int, Observed]) -> Candidate:
    seen = stats.get(option.route.endpoint_id)
    if seen is None:
        return Candidate(option.route.endpoint_id, option.price)
    return Candidate(option.route.endpoint_id, option.price, seen.ttft_ms, seen.tokens_per_s)


# --- no tag --------------------------------------------------------------------------------------


def _by_default(options: list[Option], now: Circumstances) -> Decision:
    if any(option.route.electricity for option in options):
        options.sort(key=lambda option: (not _is_decided_for(option), *_electricity_first(option)))
        strategy, won_by = "energy", ENERGY_WON if _is_decided_for(options[0]) else CHEAPEST_WON
    else:
        options.sort(key=lambda option: (option.price, option.route.endpoint_id))
        strategy, won_by = "lowest_price", "lowest price"
    if not any(option.route.endpoint_id == now.sticky for option in options):
        return decisions.by_default(now.demands.preferences.arrange(options), strategy, won_by)
    quoted = options[0].route
    options.sort(key=lambda option: option.route.endpoint_id != now.sticky)
    decision = decisions.by_default(now.demands.preferences.arrange(options), strategy, STICKY_WON)
    return decisions.stays(decision, quoted)


def _is_decided_for(option: Option) -> bool:
    """``catalog.energy.routed`` has sent the model's requests there. One that cannot take this call is not among the options."""
    return bool(option.card.going_to) and option.route.data_center == option.card.going_to


def _electricity_first(option: Option) -> tuple[bool, int, int, int]:
    electricity = option.route.electricity
    return electricity is None, electricity.smoothed if electricity else 0, option.price, option.route.endpoint_id
