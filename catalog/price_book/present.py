"""The prices of this interval: electricity at every data center, the reference, and every model where its requests go."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

import msgspec
from django.conf import settings

from catalog import grid, routing
from catalog.energy import delivered
from catalog.energy.delivered import FRESH, SLOT, STALE
from catalog.energy.feeds import live
from catalog.grid import Site
from catalog.names import Wanted
from catalog.routing import Circumstances
from catalog.snapshot import Catalog, ModelCard, Route
from catalog.tasks import MARKET_LIMIT_S
from clod_site.lib import clock


class Moment(msgspec.Struct, frozen=True):
    """The newest interval there are prices of (None before the first), and the data centers by slug with their names.

    ``is_settled`` is false in the second between the electricity of an interval and the token prices that follow from it.
    """

    as_of: datetime | None
    names: dict[str, str]
    is_settled: bool

    @property
    def size(self) -> int:
        """Nothing to speak of."""
        return 0

    @property
    def next_update_at(self) -> datetime | None:
        """When the next interval's prices are due: live markets are first given time to answer."""
        wait = timedelta(seconds=MARKET_LIMIT_S if settings.CLOD_ENERGY_FEED == "live" else 0)
        return self.as_of + SLOT + wait if self.as_of else None

    def is_late(self, now: datetime) -> bool:
        """Whether even the newest prices are too old to be called fresh."""
        return self.as_of is not None and delivered.freshness(now - self.as_of - SLOT, SLOT) != FRESH


class Power(msgspec.Struct, frozen=True):
    """Electricity at a data center; micro-USD per MWh. ``wholesale`` and ``delivered`` are None where they may not be shown."""

    slug: str
    name: str
    market: str
    interval: datetime | None = None
    smoothed: int | None = None
    delivered: int | None = None
    wholesale: int | None = None
    freshness: str | None = None
    source: str | None = None


class Quote(msgspec.Struct, frozen=True):
    """A model, the route its requests take now (None: it cannot be called), and its routes where they were asked about."""

    card: ModelCard
    route: Route | None
    routes: tuple[Route, ...] | None


class Present(msgspec.Struct, frozen=True):
    moment: Moment
    reference: int | None
    sites: list[Power]
    quotes: list[Quote]


def moment(catalog: Catalog) -> Moment:
    """Two queries."""
    sites = grid.sites_now(clock.now())
    return Moment(_newest(sites), {site.data_center.slug: site.data_center.name for site in sites}, _agree(catalog, sites))


def of(catalog: Catalog, models: Collection[str], data_centers: Collection[str], moment: Moment, *, is_late: bool) -> Present:
    """Slugs narrow it down; empty is everything. Two queries."""
    sites = sorted(grid.sites_now(clock.now()), key=lambda site: site.data_center.slug)
    newest = next((site.price for site in sites if site.price and site.price.interval_start == moment.as_of), None)
    return Present(
        moment,
        newest.reference_microusd_per_mwh if newest else None,
        [_power(site, is_late) for site in sites if not data_centers or site.data_center.slug in data_centers],
        list(_quotes(catalog, models, data_centers)),
    )


def _newest(sites: Iterable[Site]) -> datetime | None:
    return max((site.price.interval_start for site in sites if site.price), default=None)


def _agree(catalog: Catalog, sites: Iterable[Site]) -> bool:
    """Whether the catalog's token prices follow from this electricity."""
    stored = {site.data_center.slug: site.price.smoothed_microusd_per_mwh for site in sites if site.price}
    routes = (route for card in catalog.models.values() for route in card.routes)
    return all(route.electricity.smoothed == stored.get(route.data_center) for route in routes if route.electricity)


def _power(site: Site, is_late: bool) -> Power:
    about, price = site.data_center, site.price
    if price is None:
        return Power(about.slug, about.name, about.market)
    is_shown = live.may_show(price.source)  # the delivered price tells the market's, too
    return Power(
        slug=about.slug,
        name=about.name,
        market=about.market,
        interval=price.interval_start,
        smoothed=price.smoothed_microusd_per_mwh,
        delivered=price.delivered_microusd_per_mwh if is_shown else None,
        wholesale=price.wholesale_microusd_per_mwh if is_shown else None,
        freshness=STALE if is_late and price.freshness == FRESH else price.freshness,
        source=live.LABELS.get(price.source, price.source) or None,
    )


def _quotes(catalog: Catalog, models: Collection[str], data_centers: Collection[str]) -> Iterable[Quote]:
    for card in catalog.models.values():
        routes = tuple(route for route in card.routes if not data_centers or route.data_center in data_centers)
        if (not models or card.slug in models) and (routes or not data_centers):
            yield Quote(card, _taken(catalog, card), routes if models or data_centers else None)


def _taken(catalog: Catalog, card: ModelCard) -> Route | None:
    """The router's own answer for a call that asks for nothing special, while nothing fails or is full."""
    if not card.in_service:
        return None
    usual = Circumstances(allowed=None, stats={}, unavailable=frozenset(), operation=min(card.operations))
    return routing.order(catalog, [Wanted(card.slug)], usual).candidates[0][1]
