"""The catalog as an OpenAI client lists it, with what else is worth knowing beside each model."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from activity.queries import instant
from catalog import names
from catalog.models import Endpoint
from catalog.snapshot import Catalog, ModelCard, Route, Tick
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
    """Prices are dollars per million tokens: the list price, and the one where its requests go now, if it can be called."""
    return {
        "id": card.slug,
        "object": "model",
        "created": int(card.created_at.timestamp()),
        "owned_by": card.developer,
        "name": card.name,
        "vendor_id": card.vendor_id,
        "category": card.category,
        "is_free": card.is_free,
        "is_available": bool(card.in_service),
        "context_window": card.context_window,
        "max_output_tokens": card.max_output_tokens,
        "input_modalities": card.input_modalities,
        "output_modalities": card.output_modalities,
        "features": sorted(card.features),
        "operations": sorted(card.operations),
        "list_price": _prices(card.input_nanousd_per_mtok, card.output_nanousd_per_mtok),
        "price_now": _price_now(card),
    }


def offers(catalog: Catalog, grant: Grant) -> list[dict[str, Any]]:
    """``GET /v1/providers/models``, by one query. A hosted model is one row, at the price of the data center its requests go to now.

    The names of the fields are what clients read, one misspelling included. ``systemComplexity`` is the model's size in billions
    of parameters, where its developer tells.
    """
    switched_on = Endpoint.objects.filter(active=True, model__active=True, provider__active=True)
    rows: dict[tuple[int, int], Endpoint] = {}
    for endpoint in switched_on.select_related("model", "provider").order_by("model__slug", "provider__slug", "pk"):
        if grant.models is None or endpoint.model.slug in grant.models:
            rows.setdefault((endpoint.model_id, endpoint.provider_id), endpoint)
    return [_offer(endpoint, catalog.models.get(endpoint.model.slug)) for endpoint in rows.values()]


def _offer(endpoint: Endpoint, card: ModelCard | None) -> dict[str, Any]:
    model, provider = endpoint.model, endpoint.provider
    tick = _tick_now(card, [route for route in card.in_service if route.provider == provider.slug]) if card else None
    input_price = tick.input_nanousd_per_mtok if tick else _own(endpoint.input_nanousd_per_mtok, model.input_nanousd_per_mtok)
    output_price = tick.output_nanousd_per_mtok if tick else _own(endpoint.output_nanousd_per_mtok, model.output_nanousd_per_mtok)
    return {
        "provider": {
            "name": provider.name,
            "websiteUrl": provider.website_url,
            "baseUrl": settings.CLOD_API_URL if endpoint.data_center_id else provider.base_url,
        },
        "systemName": model.name,
        "nameInProvider": endpoint.upstream_model,
        "developer": model.developer,
        "systemComplexity": model.parameters_b,
        "contextWindow": model.context_window,
        "tokenInPricePerMillionTokens": money.as_number(input_price),
        "tokenOutPricePerMilionTokens": money.as_number(output_price),
        "active": tick is not None,
        "createdAt": instant(endpoint.created_at),
        "updatedAt": instant(endpoint.updated_at),
    }


def _own(price: int | None, list_price: int) -> int:
    return list_price if price is None else price


def _price_now(card: ModelCard) -> dict[str, float] | None:
    tick = _tick_now(card, card.in_service)
    return _prices(tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok) if tick else None


def _tick_now(card: ModelCard, routes: Sequence[Route]) -> Tick | None:
    """Where a request goes that asks for nothing special; the cheapest where electricity has no say."""
    routed = [route.tick for route in routes if route.data_center and route.data_center == card.going_to]
    ticks = routed or [route.tick for route in routes]
    return min(ticks, key=lambda tick: tick.input_nanousd_per_mtok + tick.output_nanousd_per_mtok, default=None)


def _prices(input_nanousd: int, output_nanousd: int) -> dict[str, float]:
    return {"input_usd_per_mtok": money.as_number(input_nanousd), "output_usd_per_mtok": money.as_number(output_nanousd)}
