"""Which endpoint answers: every candidate for a call, the best first, and why each of the others lost.

Strategy tags rank by score (``catalog.strategies``). Without a tag a CLōD-hosted model goes to the data center with the
cheapest electricity, and moves only when that is worth it (``catalog.energy.steady``); a third-party model goes to the
lowest price. Pure but for the routers' memory; called once per request.
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

from catalog import decisions, names
from catalog.decisions import Decision, Option
from catalog.energy.steady import Stance, step
from catalog.names import Wanted
from catalog.snapshot import Catalog, ModelCard, Route
from catalog.stats import Observed
from catalog.strategies import Candidate
from catalog.strategies.combine import rank
from clod_site.lib.money import BASIS_POINTS
from clod_site.lib.refusal import Refusal

INPUT_PARTS, OUTPUT_PARTS = 3, 1  # the call that prices are compared for: three prompt tokens to each answered one
MAX_STANCES = 4096
RETRY_AFTER_S = 10


class ModelNotAllowed(Refusal):
    status, type, code = 403, "permission_error", "model_not_allowed"


class ModelNotAvailable(Refusal):
    status, type, code = 503, "server_error", "model_not_available"


class EnergyRouter:
    """Remembers, per set of endpoints, at which of them requests are now. Any thread; each process its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stances: dict[tuple[int, ...], Stance[int]] = {}

    def choose(self, known: tuple[int, ...], prices: Mapping[int, int], interval: datetime) -> int:
        """The endpoint for calls to the set ``known``; ``prices`` has those of its endpoints that are available."""
        stance = self._stances.get(known)
        if stance and stance.interval == interval and stance.site in prices:
            return stance.site
        with self._lock:
            if len(self._stances) >= MAX_STANCES:
                self._stances.clear()
            stance = self._stances[known] = step(self._stances.get(known), prices, interval)
        return stance.site

    def would_choose(self, known: tuple[int, ...], prices: Mapping[int, int], interval: datetime) -> int:
        """The answer of ``choose``, without becoming it: for pages that tell where a request would go."""
        return step(self._stances.get(known), prices, interval).site


ROUTER = EnergyRouter()


def order(
    catalog: Catalog,
    wanted: Wanted,
    *,
    allowed: frozenset[str] | None,
    stats: Mapping[int, Observed],
    unavailable: frozenset[int],
    sticky: int | None = None,
    router: EnergyRouter = ROUTER,
) -> Decision:
    """Candidates for a call. ``allowed`` holds model slugs (None: all), ``unavailable`` and ``sticky`` endpoint ids.

    ``sticky`` is the endpoint that answered this conversation before; without a strategy tag it goes first.
    Raises ModelNotFound 404, ModelNotAllowed 403, ModelNotAvailable 503.
    """
    cards = _cards(catalog, wanted.name, allowed)
    options = _available(cards, unavailable, wanted.name)
    if wanted.tags:
        decision = _by_strategy(options, wanted.tags, stats)
    else:
        decision = _by_default(cards[0], options, catalog.interval_start, sticky, router)
    if unavailable:
        decision.explanation["excluded"] = decisions.excluded(cards, unavailable)
    return decision


# --- who may answer ------------------------------------------------------------------------------


def _cards(catalog: Catalog, name: str, allowed: frozenset[str] | None) -> Sequence[ModelCard]:
    if name:
        card = names.resolve(catalog, name)
        if allowed is not None and card.slug not in allowed:
            raise ModelNotAllowed(
                f"This key may not use {card.name}. Allow it under Projects › Models, or choose one of the models in GET /v1/models.",
                param="model",
            )
        return (card,)
    cards = [card for card in catalog.models.values() if allowed is None or card.slug in allowed]
    if not cards:
        raise ModelNotAllowed("This key may use no model. Allow one under Projects › Models.", param="model")
    return cards


def _available(cards: Sequence[ModelCard], unavailable: frozenset[int], name: str) -> list[Option]:
    options = [Option(card, route, price_of(route)) for card in cards for route in card.routes if route.endpoint_id not in unavailable]
    if not options:
        raise _nothing_available(cards, name)
    return options


def price_of(route: Route) -> int:
    """What a typical call costs there relative to others: three prompt tokens to one answered, routing fee included."""
    tick = route.tick
    call = INPUT_PARTS * tick.input_nanousd_per_mtok + OUTPUT_PARTS * tick.output_nanousd_per_mtok
    return call * (BASIS_POINTS + tick.fee_basis_points)


def _nothing_available(cards: Sequence[ModelCard], name: str) -> ModelNotAvailable:
    who = cards[0].name if name else f"Each of the {len(cards)} models this key may use"
    configured = sum(len(card.routes) for card in cards)
    if configured:
        return ModelNotAvailable(
            f"{who} has {configured} endpoint{'s' * (configured > 1)} here, and all of them have failed lately. "
            "They are tried again within seconds; try again then, or choose another model.",
            param="model",
            retry_after_s=RETRY_AFTER_S,
            extra={"constraint": "health"},
        )
    return ModelNotAvailable(
        f"{who} is listed in the catalog but has no endpoint configured here: its servers' address, its provider's key or "
        "its first price is missing. "
        "Choose another model; the Models page shows which can be called.",
        param="model",
        extra={"constraint": "endpoints"},
    )


# --- strategies ----------------------------------------------------------------------------------


def _by_strategy(options: Sequence[Option], tags: Sequence[str], stats: Mapping[int, Observed]) -> Decision:
    by_id = {option.route.endpoint_id: option for option in options}
    ranked = rank([_candidate(option, stats) for option in options], tags)
    ordered = [by_id[row.candidate.endpoint_id] for row in ranked]
    return decisions.by_score(ordered, ranked, tags)


def _candidate(option: Option, stats: Mapping[int, Observed]) -> Candidate:
    seen = stats.get(option.route.endpoint_id)
    if seen is None:
        return Candidate(option.route.endpoint_id, option.price)
    return Candidate(option.route.endpoint_id, option.price, seen.ttft_ms, seen.tokens_per_s)


# --- no tag --------------------------------------------------------------------------------------


def _by_default(card: ModelCard, options: list[Option], interval: datetime | None, sticky: int | None, router: EnergyRouter) -> Decision:
    prices = {option.route.endpoint_id: option.route.delivered_microusd_per_mwh for option in options}
    electricity = {endpoint: price for endpoint, price in prices.items() if price is not None}
    if interval and electricity:
        first = router.choose(tuple([route.endpoint_id for route in card.routes]), electricity, interval)
        options.sort(key=lambda option: (option.route.endpoint_id != first, *_electricity_first(option)))
        strategy, won_by = "energy", "cheapest electricity, or not dearer by enough for long enough to move"
    else:
        options.sort(key=lambda option: (option.price, option.route.endpoint_id))
        strategy, won_by = "lowest_price", "lowest price"
    if sticky in prices:
        options.sort(key=lambda option: option.route.endpoint_id != sticky)
        won_by = "answered this conversation before"
    return decisions.by_default(options, strategy, won_by)


def _electricity_first(option: Option) -> tuple[bool, int, int, int]:
    electricity = option.route.delivered_microusd_per_mwh
    return electricity is None, electricity or 0, option.price, option.route.endpoint_id
