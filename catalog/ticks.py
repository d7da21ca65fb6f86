"""Which price ticks are due: a routable endpoint gets one whenever its price, multiplier or fee is no longer the last tick's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec
from django.conf import settings
from django.db.models import OuterRef, Subquery

from catalog import credentials, list_prices
from catalog.energy import delivered, tariff
from catalog.list_prices import Terms
from catalog.models import DeliveredPrice, Endpoint, PriceTick


class Level(msgspec.Struct, frozen=True):
    """What electricity does at a site in one slot."""

    delivered_price_id: int
    slot: datetime
    smoothed: int
    reference: int


class Price(msgspec.Struct, frozen=True):
    """What a tick says; nano-USD per million tokens before the fee."""

    input: int
    output: int
    multiplier_ppm: int
    fee_basis_points: int


def due(now: datetime, since: datetime) -> list[PriceTick]:
    """The unsaved ticks from slot ``since`` to the one that holds ``now``, oldest first."""
    endpoints = routable()
    last = newest(endpoint.pk for endpoint in endpoints)
    levels = _levels({endpoint.data_center_id for endpoint in endpoints if endpoint.data_center_id}, delivered.slot_of(since))
    ticks = [tick for endpoint in endpoints for tick in _due_for(endpoint, last.get(endpoint.pk), levels, now)]
    return sorted(ticks, key=lambda tick: tick.valid_from)


def routable() -> list[Endpoint]:
    """Every endpoint a request could be sent to now, with its model, provider and data center."""
    switched_on = Endpoint.objects.filter(active=True, model__active=True, provider__active=True)
    endpoints = switched_on.select_related("model", "provider", "data_center").order_by("pk")
    return [endpoint for endpoint in endpoints if credentials.is_routable(endpoint)]


def newest(endpoints: Iterable[int]) -> dict[int, PriceTick]:
    """The last tick of each endpoint; one step in an index per endpoint on both databases."""
    last = PriceTick.objects.filter(endpoint=OuterRef("pk")).order_by("-valid_from").values("pk")[:1]
    ids = Endpoint.objects.filter(pk__in=list(endpoints)).annotate(last=Subquery(last)).values("last")
    return {tick.endpoint_id: tick for tick in PriceTick.objects.filter(pk__in=ids)}


def price_of(endpoint: Endpoint, level: Level | None, terms: Terms | None = None) -> Price:
    """At a data center the list price follows electricity; elsewhere it is the provider's, and the routing fee comes on top.

    ``terms`` are the model's of that time; those of now where none are given.
    """
    terms = terms or list_prices.terms_of(endpoint.model)
    if endpoint.data_center_id is None:
        return msgspec.structs.replace(_listed(endpoint, terms), fee_basis_points=settings.CLOD_ROUTING_FEE_BASIS_POINTS)
    if level is None:
        return _listed(endpoint, terms)
    return following(endpoint, terms, tariff.multiplier(level.smoothed, level.reference, terms.weight))


def following(endpoint: Endpoint, terms: Terms, ppm: int) -> Price:
    """The price at a data center for a multiplier. At weight 0 it is the list price, to the last digit."""
    price = _listed(endpoint, terms)
    if terms.weight <= 0:
        return price
    return Price(tariff.token_price(price.input, ppm), tariff.token_price(price.output, ppm), ppm, 0)


def _listed(endpoint: Endpoint, terms: Terms) -> Price:
    list_in = terms.input if endpoint.input_nanousd_per_mtok is None else endpoint.input_nanousd_per_mtok
    list_out = terms.output if endpoint.output_nanousd_per_mtok is None else endpoint.output_nanousd_per_mtok
    return Price(list_in, list_out, tariff.PPM, 0)


def _due_for(endpoint: Endpoint, last: PriceTick | None, levels: Mapping[int, Sequence[Level]], now: datetime) -> Iterator[PriceTick]:
    price = _said(last) if last else None
    course: Sequence[Level | None] = levels.get(endpoint.data_center_id or 0, ()) or [None]
    for level in course:
        slot = level.slot if level else delivered.slot_of(now)
        if last and slot <= last.valid_from:
            continue
        before, price = price, price_of(endpoint, level)
        if price != before:
            yield _tick(endpoint, slot, price, level)


def _said(tick: PriceTick) -> Price:
    return Price(tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok, tick.multiplier_ppm, tick.fee_basis_points)


def _tick(endpoint: Endpoint, slot: datetime, price: Price, level: Level | None) -> PriceTick:
    return PriceTick(
        endpoint=endpoint,
        valid_from=slot,
        input_nanousd_per_mtok=price.input,
        output_nanousd_per_mtok=price.output,
        multiplier_ppm=price.multiplier_ppm,
        fee_basis_points=price.fee_basis_points,
        delivered_price_id=level.delivered_price_id if level else None,
    )


def _levels(sites: set[int], since: datetime) -> dict[int, list[Level]]:
    rows = DeliveredPrice.objects.filter(data_center__in=sites, interval_start__gte=since)
    fields = rows.order_by("interval_start").values_list(
        "data_center_id", "pk", "interval_start", "smoothed_microusd_per_mwh", "reference_microusd_per_mwh"
    )
    levels: dict[int, list[Level]] = {}
    for site, pk, slot, smoothed, reference in fields.iterator():
        levels.setdefault(site, []).append(Level(pk, slot, smoothed, reference))
    return levels
