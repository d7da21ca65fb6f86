"""The market: every model with its price now, the price over 24 hours, and whether it can be called here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from catalog import credentials, grid, ticks
from catalog.energy import tariff
from catalog.models import Endpoint, Model, PriceTick
from clod_site.lib import clock

SPARK_EVERY_MIN = 30


@dataclass(frozen=True)
class Offer:
    """A model at one endpoint. Prices are nano-USD per million tokens before the fee: of the tick in force, or what the
    tariff would ask where no request can be sent; ``missing`` says why none can, and is empty where one can."""

    endpoint: Endpoint
    site: grid.Site | None
    tick: PriceTick | None
    missing: str
    input_nanousd_per_mtok: int
    output_nanousd_per_mtok: int

    @property
    def is_available(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class Row:
    """A model and its offers, the best first. ``spark`` is the routed price over 24 hours in millionths of list price."""

    model: Model
    offers: list[Offer]
    spark: list[int]

    @property
    def is_available(self) -> bool:
        return any(offer.is_available for offer in self.offers)

    @property
    def input_nanousd_per_mtok(self) -> int:
        return self.offers[0].input_nanousd_per_mtok if self.offers else self.model.input_nanousd_per_mtok

    @property
    def output_nanousd_per_mtok(self) -> int:
        return self.offers[0].output_nanousd_per_mtok if self.offers else self.model.output_nanousd_per_mtok

    @property
    def delta(self) -> float | None:
        """Price now against list price: −0.12 is 12 % below. None where the price does not move."""
        listed = self.model.output_nanousd_per_mtok
        return self.output_nanousd_per_mtok / listed - 1 if self.model.energy_weight and listed else None


def rows() -> list[Row]:
    """Every active model by name. Five queries, however many models."""
    models = list(Model.objects.filter(active=True).order_by("name"))
    now = clock.now()
    offers = _offers(Endpoint.objects.filter(model__active=True), now)
    series = grid.last_hours(now)
    sparks: dict[tuple[frozenset[int], float], list[int]] = {}
    return [_row(model, offers.get(model.pk, []), series, sparks) for model in models]


def row_of(model: Model, now: datetime) -> Row:
    """One model with its offers; without the sparkline, its page has the chart."""
    return Row(model, _offers(Endpoint.objects.filter(model=model), now).get(model.pk, []), [])


def suggestion() -> str:
    """The slug of a model to show in a first example: a free one that can be called here, else any that can, else a known name."""
    candidates = sorted((row for row in rows() if row.is_available), key=lambda row: not row.model.is_free)
    return candidates[0].model.slug if candidates else "deepseek-v3"


def _row(model: Model, offers: list[Offer], series: grid.Series, sparks: dict[tuple[frozenset[int], float], list[int]]) -> Row:
    """Models at the same sites with the same weight share one sparkline."""
    sites = frozenset(offer.endpoint.data_center_id for offer in offers if offer.endpoint.data_center_id)
    if not sites or not model.energy_weight:
        return Row(model, offers, [])
    key = (sites, model.energy_weight)
    if key not in sparks:
        sparks[key] = _routed(series, sites, model.energy_weight)
    return Row(model, offers, sparks[key])


def _routed(series: grid.Series, sites: Iterable[int], weight: float) -> list[int]:
    """The multiplier at the cheapest site, every half hour. It rises with electricity, so the cheapest site has the lowest."""
    cheapest: dict[datetime, int] = {}
    for site in sites:
        for price in series.get(site, ()):
            if price.interval_start.minute % SPARK_EVERY_MIN == 0:
                ppm = tariff.multiplier(price.smoothed_microusd_per_mwh, price.reference_microusd_per_mwh, weight)
                cheapest[price.interval_start] = min(cheapest.get(price.interval_start, ppm), ppm)
    return [cheapest[start] for start in sorted(cheapest)]


def _offers(endpoints: QuerySet[Endpoint], now: datetime) -> dict[int, list[Offer]]:
    """Offers per model id: what can be called first, then the cheaper answer, then the older endpoint."""
    switched_on = endpoints.filter(active=True, provider__active=True).exclude(data_center__active=False)
    found = list(switched_on.select_related("model", "provider", "data_center"))
    newest = ticks.newest(endpoint.pk for endpoint in found)
    sites = {site.data_center.pk: site for site in grid.sites_now(now)}
    offers: dict[int, list[Offer]] = {}
    for endpoint in found:
        offer = _offer(endpoint, sites.get(endpoint.data_center_id or 0), newest.get(endpoint.pk))
        offers.setdefault(endpoint.model_id, []).append(offer)
    for several in offers.values():
        several.sort(
            key=lambda offer: (not offer.is_available, offer.output_nanousd_per_mtok, offer.input_nanousd_per_mtok, offer.endpoint.pk)
        )
    return offers


def _offer(endpoint: Endpoint, site: grid.Site | None, tick: PriceTick | None) -> Offer:
    missing = _missing(endpoint, tick)
    if tick and not missing:
        return Offer(endpoint, site, tick, "", tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok)
    price = ticks.price_of(endpoint, _level(site))
    return Offer(endpoint, site, None, missing, price.input, price.output)


def _missing(endpoint: Endpoint, tick: PriceTick | None) -> str:
    """Why no request can be sent there, in the operator's words; empty when one can."""
    if not credentials.address_of(endpoint):
        return "no server address configured"
    if endpoint.provider.needs_credential and not credentials.of(endpoint.provider):
        return "no provider key configured"
    return "" if tick else "no price yet"


def _level(site: grid.Site | None) -> ticks.Level | None:
    price = site.price if site else None
    if price is None:
        return None
    return ticks.Level(price.pk, price.interval_start, price.smoothed_microusd_per_mwh, price.reference_microusd_per_mwh)
