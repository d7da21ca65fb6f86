"""The price book as JSON. Prices are dollars per million tokens, as exact as they are charged; electricity is dollars per MWh."""

from datetime import datetime
from typing import Any

from django.conf import settings

from activity.queries import instant
from catalog.energy import tariff
from catalog.models import Category
from catalog.price_book.history import History, Line
from catalog.price_book.present import Power, Present, Quote
from catalog.snapshot import ModelCard, Route
from clod_site.lib import money

MICRO = 1_000_000
DEFINITION = (
    "The mean delivered price of electricity of the 30 days before, averaged over the data centers; new at 00:00 UTC, and fixed for "
    "the day. When electricity costs this much, a hosted model costs its list price."
)


def now(found: Present) -> dict[str, Any]:
    return {
        "object": "prices",
        "as_of": _instant(found.moment.as_of),
        "next_update_at": _instant(found.moment.next_update_at),
        "reference": _reference(found),
        "data_centers": [_power(power) for power in found.sites],
        "models": [_quote(quote) for quote in found.quotes],
    }


def history(found: History) -> dict[str, Any]:
    """Series of equal length: one value for each step from ``start``, null where nothing is known."""
    return {
        "object": "price_history",
        "model": found.model.slug,
        "name": found.model.name,
        "start": instant(found.span.start),
        "end": instant(found.span.end),
        "step": found.span.step,
        "step_s": found.span.step_s,
        "list_price": {
            "input_usd_per_mtok": [money.as_number(terms.input) for terms in found.listed],
            "output_usd_per_mtok": [money.as_number(terms.output) for terms in found.listed],
        },
        "reference_usd_per_mwh": [usd_per_mwh(value) for value in found.reference],
        "routed": {"data_center": found.at} | _line(found.routed),
        "data_centers": [{"id": site.slug, "name": site.name} | _line(site.line) for site in found.sites],
    }


def usd_per_mwh(microusd: int | None) -> float | None:
    """To a hundredth of a cent."""
    return None if microusd is None else round(microusd / MICRO, 4)


def multiplier(ppm: int) -> float:
    return ppm / tariff.PPM


def label(card: ModelCard) -> str:
    """The one word the catalog shows first."""
    return "Free" if card.is_free else str(Category(card.category).label)


def _instant(moment: datetime | None) -> str | None:
    return instant(moment) if moment else None


def _prices(input_nanousd: int, output_nanousd: int) -> dict[str, float]:
    return {"input_usd_per_mtok": money.as_number(input_nanousd), "output_usd_per_mtok": money.as_number(output_nanousd)}


# --- now -----------------------------------------------------------------------------------------


def _reference(found: Present) -> dict[str, Any]:
    """s_ref; null before the first price, and while there is no history to take a mean of."""
    return {
        "usd_per_mwh": usd_per_mwh(found.reference or None),
        "day": found.moment.as_of.date().isoformat() if found.moment.as_of else None,
        "definition": DEFINITION,
        "docs": f"{settings.CLOD_BASE_URL}/docs/energy#tariff",
    }


def _power(power: Power) -> dict[str, Any]:
    return {
        "id": power.slug,
        "name": power.name,
        "market": power.market,
        "electricity_usd_per_mwh": usd_per_mwh(power.smoothed),
        "delivered_usd_per_mwh": usd_per_mwh(power.delivered),
        "wholesale_usd_per_mwh": usd_per_mwh(power.wholesale),
        "interval": _instant(power.interval),
        "freshness": power.freshness,
        "source": power.source,
    }


def _quote(quote: Quote) -> dict[str, Any]:
    card = quote.card
    told: dict[str, Any] = {
        "id": card.slug,
        "name": card.name,
        "label": label(card),
        "is_available": quote.route is not None,
        "list_price": _prices(card.input_nanousd_per_mtok, card.output_nanousd_per_mtok),
        **_taken(quote.route),
    }
    return told | ({} if quote.routes is None else {"endpoints": [_route(route) for route in quote.routes]})


def _taken(route: Route | None) -> dict[str, Any]:
    if route is None:
        return dict.fromkeys(("provider", "data_center", "price_now", "multiplier", "fee_basis_points", "price_tick", "valid_from"))
    return _route(route)


def _route(route: Route) -> dict[str, Any]:
    tick = route.tick
    return {
        "provider": route.provider,
        "data_center": route.data_center or None,
        "price_now": _prices(tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok),
        "multiplier": multiplier(tick.multiplier_ppm),
        "fee_basis_points": tick.fee_basis_points,
        "price_tick": tick.id,
        "valid_from": instant(tick.valid_from),
    }


# --- history -------------------------------------------------------------------------------------


def _line(line: Line) -> dict[str, Any]:
    return {
        "input_usd_per_mtok": [money.as_number(price.input) if price else None for price in line.prices],
        "output_usd_per_mtok": [money.as_number(price.output) if price else None for price in line.prices],
        "multiplier": [multiplier(price.multiplier_ppm) if price else None for price in line.prices],
        "electricity_usd_per_mwh": [usd_per_mwh(value) for value in line.electricity],
    }
