"""A hosted model's price at each of its data centers, slot by slot, and where its requests went: what charts and the price API show.

Computed from delivered prices and the tariff, so a model has its courses before anybody can call it. A slot is a 5-minute
interval; all lists are aligned with ``start``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from catalog import credentials, list_prices
from catalog.energy import routed
from catalog.energy.delivered import SLOT
from catalog.list_prices import Noted
from catalog.models import DataCenter, DeliveredPrice, Endpoint, Model
from catalog.ticks import Level, Price, price_of


class Course(msgspec.Struct, frozen=True):
    """One data center. ``levels`` are its electricity, None where nothing is known."""

    endpoint: Endpoint
    site: DataCenter
    levels: list[Level | None]
    listed: list[Noted]

    def price(self, number: int) -> Price | None:
        """What the model cost there in a slot, at the list price of that time."""
        level = self.levels[number]
        return price_of(self.endpoint, level, list_prices.at(self.listed, level.slot)) if level else None

    def last(self) -> Level | None:
        return next((level for level in reversed(self.levels) if level), None)


class Courses(msgspec.Struct, frozen=True):
    """All data centers of a model by the age of their endpoints; ``routed`` is the index of the one requests went to, per slot, and
    ``listed`` the model's list prices of that time."""

    start: datetime
    sites: list[Course]
    routed: list[int | None]
    listed: list[Noted]

    @property
    def is_available(self) -> bool:
        """Whether requests can be sent to any of them; if not, ``routed`` is where they would have gone."""
        return any(credentials.is_routable(course.endpoint) for course in self.sites)

    def newest(self) -> dict[int, DeliveredPrice]:
        """The last row of each data center within the span, by its id. One query."""
        last = {level.delivered_price_id for course in self.sites if (level := course.last())}
        return {row.data_center_id: row for row in DeliveredPrice.objects.filter(pk__in=last)}


def of(model: Model, start: datetime, count: int) -> Courses:
    """``count`` slots from ``start``, which is a slot. Four queries."""
    sites = sites_of(model)
    levels = _levels([site.pk for site in sites], start, count)
    listed = list_prices.since(model, start)
    courses = [Course(endpoint, site, levels[site.pk], listed) for site, endpoint in sites.items()]
    return Courses(start, courses, _routed(courses, start, count), listed)


def sites_of(model: Model) -> dict[DataCenter, Endpoint]:
    """The model's data centers, by the age of their endpoints. One query."""
    endpoints = model.endpoints.filter(active=True, data_center__active=True).select_related("model", "provider", "data_center")
    return {endpoint.data_center: endpoint for endpoint in endpoints.order_by("pk") if endpoint.data_center}


def choice(sites: Mapping[DataCenter, Endpoint]) -> list[DataCenter]:
    """Those that requests are routed among: where the model can be called; all of them where it can be called nowhere."""
    return [site for site, endpoint in sites.items() if credentials.is_routable(endpoint)] or list(sites)


def _levels(sites: Sequence[int], start: datetime, count: int) -> dict[int, list[Level | None]]:
    levels: dict[int, list[Level | None]] = {site: [None] * count for site in sites}
    rows = DeliveredPrice.objects.filter(data_center__in=sites, interval_start__gte=start, interval_start__lt=start + count * SLOT)
    fields = ("data_center_id", "pk", "interval_start", "smoothed_microusd_per_mwh", "reference_microusd_per_mwh")
    for site, pk, slot, smoothed, reference in rows.values_list(*fields).iterator():
        levels[site][(slot - start) // SLOT] = Level(pk, slot, smoothed, reference)
    return levels


def _routed(courses: Sequence[Course], start: datetime, count: int) -> list[int | None]:
    among = choice({course.site: course.endpoint for course in courses})
    path = routed.path([site.pk for site in among], start, start + count * SLOT)
    index = {course.site.pk: number for number, course in enumerate(courses)}
    return [index.get(path.get(start + number * SLOT, 0)) for number in range(count)]
