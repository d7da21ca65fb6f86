"""The catalog as an OpenAI client lists it, with what else is worth knowing beside each model."""

from typing import Any

from catalog import names
from catalog.snapshot import Catalog, ModelCard
from clod_site.lib import money
from projects.grants import Grant


def models(catalog: Catalog, grant: Grant) -> dict[str, Any]:
    """``GET /v1/models``: those this key may call, the available ones first."""
    cards = [card for card in catalog.models.values() if grant.models is None or card.slug in grant.models]
    return {"object": "list", "data": [model(card) for card in sorted(cards, key=lambda card: (not card.routes, card.slug))]}


def one(catalog: Catalog, name: str) -> dict[str, Any]:
    """``GET /v1/models/{id}``, by any of the model's names; the Refusal for an unknown one names the nearest."""
    return model(names.resolve(catalog, name))


def model(card: ModelCard) -> dict[str, Any]:
    """Prices are dollars per million tokens: the list price, and the cheapest now where it can be called."""
    return {
        "id": card.slug,
        "object": "model",
        "created": int(card.created_at.timestamp()),
        "owned_by": card.developer,
        "name": card.name,
        "vendor_id": card.vendor_id,
        "category": card.category,
        "is_free": card.is_free,
        "is_available": bool(card.routes),
        "context_window": card.context_window,
        "max_output_tokens": card.max_output_tokens,
        "input_modalities": card.input_modalities,
        "list_price": _prices(card.input_nanousd_per_mtok, card.output_nanousd_per_mtok),
        "price_now": _price_now(card),
    }


def _price_now(card: ModelCard) -> dict[str, float] | None:
    if not card.routes:
        return None
    tick = min((route.tick for route in card.routes), key=lambda tick: tick.input_nanousd_per_mtok + tick.output_nanousd_per_mtok)
    return _prices(tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok)


def _prices(input_nanousd: int, output_nanousd: int) -> dict[str, float]:
    return {"input_usd_per_mtok": money.as_number(input_nanousd), "output_usd_per_mtok": money.as_number(output_nanousd)}
