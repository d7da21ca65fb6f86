"""Where a request would go right now: the one answer behind the frame's pulse, the landing page and a model's page.

It reads what the gateway reads. Health is known per process, so while a data center fails two pages may differ.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from django.core.cache import cache

from catalog import grid, health, ticks, versions
from catalog.energy import routed
from catalog.models import Endpoint
from clod_site.lib import clock

KEPT_S = 60
Sites = Mapping[int, grid.Site]


@dataclass(frozen=True)
class Destination:
    """A data center; ``model_id`` is the model that is routed there, None where nothing can be called here."""

    site: grid.Site
    model_id: int | None


def now() -> Destination | None:
    """Of the hosted model that can be called at the most data centers, else the cheapest site. None before the first price."""
    sites = [site for site in grid.sites_now(clock.now()) if site.price]
    if not sites:
        return None
    by_id = {site.data_center.pk: site for site in sites}
    found = cache.get_or_set(f"destination:{versions.current()}", lambda: _busiest(by_id), KEPT_S)
    site_id, model_id = found or (0, None)
    return Destination(by_id.get(site_id, sites[0]), model_id)


def among(endpoints: Iterable[Endpoint], sites: Sites) -> grid.Site | None:
    """Of ``endpoints``, those of one model that can be called: where its requests go. None where electricity has no say."""
    known = [endpoint for endpoint in endpoints if endpoint.data_center_id]
    gone = health.unavailable() | {endpoint.pk for endpoint in known if endpoint.withheld}
    priced = {endpoint.data_center_id: site for endpoint in known if (site := sites.get(endpoint.data_center_id or 0)) and site.price}
    here = [site for endpoint in known if endpoint.pk not in gone and (site := priced.get(endpoint.data_center_id))]
    if not here:
        return None
    name = routed.key(endpoint.data_center_id or 0 for endpoint in known)
    decided = routed.newest([name], max(site.price.interval_start for site in here if site.price)).get(name)
    return min(here, key=lambda site: (site.data_center.pk != decided, site.price.smoothed_microusd_per_mwh if site.price else 0))


def _busiest(sites: Sites) -> tuple[int, int | None]:
    """Ids of the data center (0: none) and the model; a tie goes to the model that is longer in the catalog."""
    hosted = sorted((endpoint for endpoint in _callable() if endpoint.data_center_id), key=lambda endpoint: endpoint.model_id)
    models = [(model, list(endpoints)) for model, endpoints in groupby(hosted, lambda endpoint: endpoint.model_id)]
    if not models:
        return 0, None
    model, endpoints = max(models, key=lambda each: (len(each[1]), -each[0]))
    site = among(endpoints, sites)
    return (site.data_center.pk, model) if site else (0, None)


def _callable() -> list[Endpoint]:
    endpoints = ticks.routable()
    priced = ticks.newest(endpoint.pk for endpoint in endpoints)
    return [endpoint for endpoint in endpoints if endpoint.pk in priced]
