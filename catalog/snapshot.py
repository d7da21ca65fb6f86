"""The catalog as the gateway sees it: immutable, complete, loaded in one go and replaced as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from django.db.models import OuterRef, Subquery

from catalog import credentials, names, operations, ticks, versions
from catalog.energy import routed
from catalog.features import FEATURES
from catalog.models import DataCenter, DeliveredPrice, Endpoint, Model, PriceTick


class Tick(msgspec.Struct, frozen=True):
    """A price in force; nano-USD per million tokens, before the fee."""

    id: int
    valid_from: datetime
    input_nanousd_per_mtok: int
    output_nanousd_per_mtok: int
    multiplier_ppm: int
    fee_basis_points: int


class Electricity(msgspec.Struct, frozen=True):
    """What a data center pays now, micro-USD per MWh, as it is and smoothed (which prices and routing follow), and its PUE."""

    delivered: int
    smoothed: int
    pue: float


class Route(msgspec.Struct, frozen=True):
    """A routable endpoint: its address and credential are known and it has a price."""

    endpoint_id: int
    model_slug: str
    provider: str
    data_center: str  # slug, empty for third parties
    data_center_name: str
    base_url: str
    upstream_model: str
    adapter: str
    cancel_policy: str
    max_concurrency: int
    tick: Tick
    electricity: Electricity | None  # None for third parties, and before a data center's first price
    credential: str = ""
    withheld: str = ""  # as in catalog.models.Withheld: an operator lets it take no new calls
    returned_at: datetime | None = None
    is_deployers: bool = False  # its address is from the environment, and may lead anywhere

    def __repr__(self) -> str:
        return f"<Route {self.model_slug} at {self.data_center or self.provider}>"


class ModelCard(msgspec.Struct, frozen=True):
    """A model with its list price and whatever routes it has now (none: known, but not available).

    ``going_to`` is the data center its requests go to by electricity; empty where that has no say, or is not decided yet.
    """

    slug: str
    name: str
    vendor_id: str
    developer: str
    category: str
    is_free: bool
    input_modalities: tuple[str, ...]
    context_window: int
    max_output_tokens: int
    input_nanousd_per_mtok: int
    output_nanousd_per_mtok: int
    created_at: datetime
    routes: tuple[Route, ...]
    output_modalities: tuple[str, ...] = ("text",)
    features: frozenset[str] = frozenset(FEATURES)
    operations: frozenset[str] = frozenset({operations.CHAT})
    going_to: str = ""
    joules_per_token: tuple[float, float] | None = None  # modelled, of a GPU: prompt, answer

    @property
    def in_service(self) -> tuple[Route, ...]:
        """The routes that no operator withholds."""
        return tuple([route for route in self.routes if not route.withheld])


class Catalog(msgspec.Struct, frozen=True):
    """Every active model by slug, and every spelling of a name that resolves to it (see ``catalog.names.key``)."""

    version: int
    models: dict[str, ModelCard]
    names: dict[str, str]

    def returned(self) -> dict[int, datetime]:
        """When operators put endpoints back into service, by endpoint id."""
        routes = (route for card in self.models.values() for route in card.routes)
        return {route.endpoint_id: route.returned_at for route in routes if route.returned_at}


def version() -> int:
    """The catalog's version now: one cheap query."""
    return versions.current()


def load() -> Catalog:
    """Everything the gateway routes by, in six queries. Endpoints without address, credential or tick are no routes.

    The version is read first: what changes while the rest is read is loaded again with the next version.
    """
    number = versions.current()
    models = list(Model.objects.filter(active=True).order_by("slug"))
    callable_ = ticks.routable()
    last = ticks.newest(endpoint.pk for endpoint in callable_)
    endpoints: dict[int, list[Endpoint]] = {}
    for endpoint in callable_:
        if endpoint.pk in last:
            endpoints.setdefault(endpoint.model_id, []).append(endpoint)
    electricity = _electricity()
    going_to = _going_to(endpoints, electricity)
    cards = {}
    for model in models:
        own = endpoints.get(model.pk, [])
        routes = [_route(endpoint, last[endpoint.pk], electricity) for endpoint in own]
        cards[model.slug] = _card(model, routes, going_to.get(model.pk, ""))
    return Catalog(number, cards, names.index(cards.values()))


def _electricity() -> dict[int, DeliveredPrice]:
    """The newest delivered price of each data center: one step in an index per data center, however long the history."""
    last = DeliveredPrice.objects.filter(data_center=OuterRef("pk")).order_by("-interval_start").values("pk")[:1]
    ids = DataCenter.objects.annotate(last=Subquery(last)).values("last")
    return {row.data_center_id: row for row in DeliveredPrice.objects.filter(pk__in=ids)}


def _going_to(endpoints: Mapping[int, Sequence[Endpoint]], electricity: Mapping[int, DeliveredPrice]) -> dict[int, str]:
    """By model id, the slug of the data center that energy routing has decided for."""
    sites = {model: {endpoint.data_center for endpoint in own if endpoint.data_center} for model, own in endpoints.items()}
    keys = {model: routed.key(site.pk for site in at) for model, at in sites.items() if at}
    slugs = {site.pk: site.slug for at in sites.values() for site in at}
    if not keys or not electricity:
        return {}
    decided = routed.newest(keys.values(), max(row.interval_start for row in electricity.values()))
    return {model: slugs[decided[name]] for model, name in keys.items() if name in decided}


def _route(endpoint: Endpoint, tick: PriceTick, electricity: Mapping[int, DeliveredPrice]) -> Route:
    site, provider = endpoint.data_center, endpoint.provider
    price = electricity.get(site.pk) if site else None
    return Route(
        endpoint_id=endpoint.pk,
        model_slug=endpoint.model.slug,
        provider=provider.slug,
        data_center=site.slug if site else "",
        data_center_name=site.name if site else "",
        base_url=credentials.address_of(endpoint),
        upstream_model=endpoint.upstream_model,
        adapter=provider.adapter,
        cancel_policy=provider.cancel_policy,
        max_concurrency=endpoint.max_concurrency,
        tick=_tick(tick),
        electricity=Electricity(price.delivered_microusd_per_mwh, price.smoothed_microusd_per_mwh, site.pue) if price and site else None,
        credential=credentials.for_calls_to(endpoint),
        withheld=endpoint.withheld,
        returned_at=endpoint.returned_at,
        is_deployers=credentials.is_address_from_environment(endpoint),
    )


def _tick(tick: PriceTick) -> Tick:
    return Tick(
        id=tick.pk,
        valid_from=tick.valid_from,
        input_nanousd_per_mtok=tick.input_nanousd_per_mtok,
        output_nanousd_per_mtok=tick.output_nanousd_per_mtok,
        multiplier_ppm=tick.multiplier_ppm,
        fee_basis_points=tick.fee_basis_points,
    )


def _card(model: Model, routes: Iterable[Route], going_to: str) -> ModelCard:
    return ModelCard(
        slug=model.slug,
        name=model.name,
        vendor_id=model.vendor_id,
        developer=model.developer,
        category=model.category,
        is_free=model.is_free,
        input_modalities=tuple(model.input_modalities),
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        input_nanousd_per_mtok=model.input_nanousd_per_mtok,
        output_nanousd_per_mtok=model.output_nanousd_per_mtok,
        created_at=model.created_at,
        routes=tuple(routes),
        output_modalities=tuple(model.output_modalities),
        features=frozenset(model.features),
        operations=frozenset(model.operations),
        going_to=going_to,
        joules_per_token=_joules(model),
    )


def _joules(model: Model) -> tuple[float, float] | None:
    joules = model.input_joule_per_token, model.output_joule_per_token
    return None if None in joules else joules  # type: ignore[return-value]
