"""The market: every model with its price now, the price over 24 hours, and whether it can be called here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog import credentials, grid, operations, ticks
from catalog.energy import tariff
from catalog.models import Endpoint, Model, PriceTick
from catalog.pages import kept, sparks
from clod_site.lib import clock

THOUSAND = 1000  # tokens


@dataclass(frozen=True)
class Offer:
    """A model at one endpoint. The price is nano-USD per million tokens before the fee: of the tick in force, or what the
    tariff would ask where no request can be sent; ``missing`` says why none can, and is empty where one can."""

    endpoint: Endpoint
    site: grid.Site | None
    tick: PriceTick | None
    missing: str
    price: ticks.Price

    @property
    def is_available(self) -> bool:
        return not self.missing

    @property
    def input_nanousd_per_mtok(self) -> int:
        return self.price.input

    @property
    def output_nanousd_per_mtok(self) -> int:
        return self.price.output

    @property
    def input_wh(self) -> float | None:
        """Modelled energy of a thousand tokens read there."""
        return self._wh(THOUSAND, 0)

    @property
    def output_wh(self) -> float | None:
        """The same of a thousand tokens written."""
        return self._wh(0, THOUSAND)

    def _wh(self, tokens_in: int, tokens_out: int) -> float | None:
        model, site = self.endpoint.model, self.endpoint.data_center
        if model.input_joule_per_token is None or model.output_joule_per_token is None or site is None:
            return None
        return tariff.watt_hours(tokens_in, tokens_out, model.input_joule_per_token, model.output_joule_per_token, site.pue)


@dataclass(frozen=True)
class Row:
    """A model and its offers, the cheapest first. ``routed`` says where its requests went and what they paid over 24 hours."""

    model: Model
    offers: list[Offer]
    routed: sparks.Line

    @property
    def is_available(self) -> bool:
        return any(offer.is_available for offer in self.offers)

    @property
    def now(self) -> Offer | None:
        """Where a request goes: the data center that was decided on, else the cheapest offer."""
        decided = [offer for offer in self.offers if offer.endpoint.data_center_id == self.routed.site]
        first = self.offers[0] if self.offers else None
        return decided[0] if self.routed.site and decided and decided[0].is_available == self.is_available else first

    @property
    def input_nanousd_per_mtok(self) -> int:
        return self.now.input_nanousd_per_mtok if self.now else self.model.input_nanousd_per_mtok

    @property
    def output_nanousd_per_mtok(self) -> int:
        return self.now.output_nanousd_per_mtok if self.now else self.model.output_nanousd_per_mtok

    @property
    def writes(self) -> bool:
        """Whether it has an output price: what only makes vectors has none."""
        return operations.writes(self.model.operations)

    @property
    def fee_basis_points(self) -> int:
        return self.now.price.fee_basis_points if self.now else 0

    @property
    def input_wh(self) -> float | None:
        return self.now.input_wh if self.now else None

    @property
    def output_wh(self) -> float | None:
        return self.now.output_wh if self.now else None

    @property
    def delta(self) -> float | None:
        """Price now against list price: −0.12 is 12 % below. None where the price does not move."""
        multiplier_ppm = self.now.price.multiplier_ppm if self.now else tariff.PPM
        return multiplier_ppm / tariff.PPM - 1 if self.model.energy_weight else None


def rows() -> list[Row]:
    """Every active model by name, kept until prices or catalog change. Seven queries at most, however many models."""
    return kept.once("market", _rows)


def row_of(slug: str) -> Row | None:
    return kept.once("market by slug", lambda: {row.model.slug: row for row in rows()}).get(slug)


def suggestion() -> str:
    """The slug of a model to show in a first example: a free one that can be called here, else any that can, else a known name."""
    candidates = sorted((row for row in rows() if row.is_available), key=lambda row: not row.model.is_free)
    return candidates[0].model.slug if candidates else "deepseek-v3"


def _rows() -> list[Row]:
    models, now = list(Model.objects.filter(active=True).order_by("name")), clock.now()
    sites = {site.data_center.pk: site for site in grid.sites_now(now)}
    offers = _offers(sites)
    newest = max((site.price.interval_start for site in sites.values() if site.price), default=now)
    chosen = {model: _sites(offers.get(model.pk, [])) for model in models if model.energy_weight}
    lines = sparks.of(chosen, newest)
    return [Row(model, offers.get(model.pk, []), lines.get(model.pk, sparks.FLAT)) for model in models]


def _sites(offers: Iterable[Offer]) -> list[int]:
    """The data centers a model's requests choose from: where it can be called, or all where it can be called nowhere."""
    hosted = [offer.endpoint for offer in offers if offer.endpoint.data_center_id]
    callable_ = [endpoint for endpoint in hosted if credentials.is_routable(endpoint)] or hosted
    return [endpoint.data_center_id for endpoint in callable_ if endpoint.data_center_id]


def _offers(sites: Mapping[int, grid.Site]) -> dict[int, list[Offer]]:
    """Offers per model id: what can be called first, then the cheaper answer, then the older endpoint."""
    switched_on = Endpoint.objects.filter(active=True, model__active=True, provider__active=True).exclude(data_center__active=False)
    found = list(switched_on.select_related("model", "provider", "data_center"))
    newest = ticks.newest(endpoint.pk for endpoint in found)
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
        asked = ticks.Price(tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok, tick.multiplier_ppm, tick.fee_basis_points)
        return Offer(endpoint, site, tick, "", asked)
    return Offer(endpoint, site, None, missing, ticks.price_of(endpoint, _level(site)))


def _missing(endpoint: Endpoint, tick: PriceTick | None) -> str:
    """Why no request can be sent there, in the operator's words; empty when one can."""
    if not credentials.address_of(endpoint):
        return "no server address"
    if endpoint.provider.needs_credential and not credentials.of(endpoint.provider):
        return "no provider key"
    return "" if tick else "no price yet"


def _level(site: grid.Site | None) -> ticks.Level | None:
    price = site.price if site else None
    if price is None:
        return None
    return ticks.Level(price.pk, price.interval_start, price.smoothed_microusd_per_mwh, price.reference_microusd_per_mwh)
