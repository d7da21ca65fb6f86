"""A hosted model's prices over a span, at each data center and where its requests went.

Computed from delivered prices with the list price and weight of that time (docs/decisions/0005). A step has the means of its slots:
of the multiplier, and the price is the list price times that; of electricity; of the reference.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from django.db.models import F, Max

from catalog import courses, list_prices, ticks
from catalog.energy import routed, tariff
from catalog.energy.delivered import SLOT
from catalog.list_prices import Noted, Terms
from catalog.models import DataCenter, DeliveredPrice, Endpoint, Model, RoutedSite
from catalog.price_book import averages
from catalog.price_book.span import STEPS, Span
from catalog.ticks import Price

Row = dict[str, Any]
Rows = dict[int, list[Row]]  # by the number of the step since 1970
Sites = Mapping[DataCenter, Endpoint]
ELECTRICITY = "data_center__delivered_prices__"


class Line(msgspec.Struct, frozen=True):
    """One value a step, None where nothing is known. Electricity is smoothed, micro-USD per MWh."""

    prices: list[Price | None]
    electricity: list[int | None]


class SiteLine(msgspec.Struct, frozen=True):
    slug: str
    name: str
    line: Line


class History(msgspec.Struct, frozen=True):
    """``routed`` is the mean along the way requests went; ``at`` the data center they were at, and ``listed`` the list price, when a
    step ended."""

    model: Model
    span: Span
    listed: list[Terms]
    reference: list[int | None]
    at: list[str | None]
    routed: Line
    sites: list[SiteLine]


def of(slug: str, span: Span) -> History:
    """At every data center of an active model, by the age of their endpoints. Five queries."""
    model = Model.objects.get(slug=slug)
    sites, eras = courses.sites_of(model), list_prices.since(model, span.start)
    here, along = _here(sites, eras, span), _along(sites, eras, span)
    terms = _Terms(eras, {site.pk: endpoint for site, endpoint in sites.items()})
    return History(
        model,
        span,
        [list_prices.at(eras, start + STEPS[span.step] - SLOT) for start in span.instants()],
        _reference(here, span),
        _at(along, sites, span),
        terms.line(along, span),
        [SiteLine(site.slug, site.name, terms.line(here.get(site.pk, {}), span)) for site in sites],
    )


# --- what the database says ----------------------------------------------------------------------


def _here(sites: Sites, eras: Sequence[Noted], span: Span) -> dict[int, Rows]:
    """By data center and step."""
    rows = DeliveredPrice.objects.filter(
        data_center__in=[site.pk for site in sites], interval_start__gte=span.start, interval_start__lt=span.end
    )
    found: dict[int, Rows] = {}
    for row in averages.by_step(rows, "data_center_id", span.step_s, eras):
        found.setdefault(row["site"], {}).setdefault(row["step"], []).append(row)
    return found


def _along(sites: Sites, eras: Sequence[Noted], span: Span) -> Rows:
    """By step: each data center that requests were at, and when last."""
    path = RoutedSite.objects.filter(
        sites=routed.key(site.pk for site in courses.choice(sites)),
        interval_start__gte=span.start,
        interval_start__lt=span.end,
        **{f"{ELECTRICITY}interval_start": F("interval_start")},
    )
    found: Rows = {}
    for row in averages.by_step(path, "data_center_id", span.step_s, eras, ELECTRICITY).annotate(last=Max("interval_start")):
        found.setdefault(row["step"], []).append(row)
    return found


# --- lines ---------------------------------------------------------------------------------------


def _reference(here: Mapping[int, Rows], span: Span) -> list[int | None]:
    """The same at every data center."""
    known = {step: _weighted(rows, "reference") for steps in here.values() for step, rows in steps.items()}
    return [known.get(step) for step in span.numbers()]


def _at(along: Rows, sites: Sites, span: Span) -> list[str | None]:
    slugs = {site.pk: site.slug for site in sites}
    last = {step: max(rows, key=lambda row: row["last"])["site"] for step, rows in along.items()}
    return [slugs.get(last.get(step, 0)) for step in span.numbers()]


class _Terms(msgspec.Struct, frozen=True):
    """What rows become prices by: the list prices of each era, and the endpoint at each data center."""

    eras: list[Noted]
    endpoints: dict[int, Endpoint]

    def line(self, rows: Rows, span: Span) -> Line:
        steps = [rows.get(step) for step in span.numbers()]
        return Line(
            [self._mean(step) if step else None for step in steps], [_weighted(step, "smoothed") if step else None for step in steps]
        )

    def _mean(self, rows: Sequence[Row]) -> Price:
        """Of a step's rows, each by its slots; nearly always there is one."""
        prices = [(self._price(row), row["slots"]) for row in rows]
        if len(prices) == 1:
            return prices[0][0]
        slots = sum(count for _, count in prices)
        return Price(
            tariff.token_price(sum(price.input * count for price, count in prices) // slots, tariff.PPM),
            tariff.token_price(sum(price.output * count for price, count in prices) // slots, tariff.PPM),
            round(sum(price.multiplier_ppm * count for price, count in prices) / slots),
            0,
        )

    def _price(self, row: Row) -> Price:
        return ticks.following(self.endpoints[row["site"]], self.eras[row["era"]].terms, tariff.PPM + round(row["swing"]))


def _weighted(rows: Sequence[Row], name: str) -> int:
    mean: float = sum(row[name] * row["slots"] for row in rows) / sum(row["slots"] for row in rows)
    return round(mean)
