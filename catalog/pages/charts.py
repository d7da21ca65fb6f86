"""The price of a hosted model over time: each data center, the routed price, the list price. For pages.

Computed from delivered prices and the tariff, so a model has its chart before anybody can call it. A history is plain
JSON: equally spaced series from ``start`` in steps of ``step_s``, ``None`` where nothing is known. Prices are USD per
million tokens, electricity is USD per MWh delivered and smoothed, as the price follows it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from catalog import courses, list_prices
from catalog.courses import Course, Courses
from catalog.energy import tariff
from catalog.energy.delivered import SLOT, slot_of
from catalog.energy.feeds import live
from catalog.models import DeliveredPrice, Model
from catalog.ticks import price_of
from clod_site.lib import clock

STEPS = {4: 1, 24: 1, 168: 6}  # hours shown: slots to a point
MICRO, NANO = 1_000_000, 1_000_000_000

Values = list[float | None]


def price_history(model: Model, hours: int, now: datetime | None = None) -> dict[str, Any]:
    """Of the last 4, 24 or 168 hours; at most some 40 kB as JSON. Other spans raise KeyError. Five queries."""
    slots_per_point = STEPS[hours]
    count = hours * (timedelta(hours=1) // SLOT)
    start = slot_of(now or clock.now()) - (count - 1) * SLOT
    found = courses.of(model, start, count)
    newest = found.newest()
    return {
        "model": model.slug,
        "hours": hours,
        "is_available": found.is_available,
        "start": _text(start),
        "step_s": slots_per_point * int(SLOT.total_seconds()),
        "list": {"input": model.input_nanousd_per_mtok / NANO, "output": model.output_nanousd_per_mtok / NANO},
        "listed": _thin(_listed(found, count), slots_per_point),
        "routed": _routed_line(found, slots_per_point),
        "moves": _moves(found),
        "sites": [_site_line(course, newest.get(course.site.pk), slots_per_point) for course in found.sites],
    }


# --- lines ---------------------------------------------------------------------------------------


def _site_line(course: Course, newest: DeliveredPrice | None, stride: int) -> dict[str, Any]:
    return {
        "data_center": course.site.slug,
        "name": course.site.name,
        "price": _thin(_prices(course), stride),
        "electricity": _thin([level.smoothed / MICRO if level else None for level in course.levels], stride, digits=3),
        "now": _now(course, newest),
    }


def _prices(course: Course) -> Values:
    """Of answered tokens; input moves in proportion."""
    return [price.output / NANO if (price := course.price(number)) else None for number in range(len(course.levels))]


def _now(course: Course, row: DeliveredPrice | None) -> dict[str, Any] | None:
    """What the site costs in its newest interval, and how far that can be trusted."""
    level = course.last()
    if level is None or row is None:
        return None
    price = price_of(course.endpoint, level)
    return {
        "input": price.input / NANO,
        "output": price.output / NANO,
        "multiplier": price.multiplier_ppm / tariff.PPM,
        "wholesale": row.wholesale_microusd_per_mwh / MICRO,
        "delivered": row.delivered_microusd_per_mwh / MICRO,
        "electricity": row.smoothed_microusd_per_mwh / MICRO,
        "reference": row.reference_microusd_per_mwh / MICRO,
        "interval": _text(row.interval_start),
        "source": live.LABELS.get(row.source, row.source),
        "freshness": row.freshness,
    }


def _routed_line(found: Courses, stride: int) -> dict[str, Any]:
    prices = [None if index is None else found.sites[index].price(number) for number, index in enumerate(found.routed)]
    slugs = [None if index is None else found.sites[index].site.slug for index in found.routed]
    return {
        "price": _thin([price.output / NANO if price else None for price in prices], stride),
        "data_center": slugs[stride - 1 :: stride],
    }


def _listed(found: Courses, count: int) -> Values:
    """The list price of answered tokens, as it was in each slot."""
    return [list_prices.at(found.listed, found.start + number * SLOT).output / NANO for number in range(count)]


def _moves(found: Courses) -> list[dict[str, str]]:
    """Every slot in which requests went to another data center than before, whatever the points are."""
    slugs = [None if index is None else found.sites[index].site.slug for index in found.routed]
    return [
        {"at": _text(found.start + number * SLOT), "from": before, "to": after}
        for number, (before, after) in enumerate(pairwise(slugs), start=1)
        if before and after and before != after
    ]


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _thin(values: Sequence[float | None], stride: int, digits: int = 4) -> Values:
    """The mean of every ``stride`` values, to so many significant digits."""
    return [_mean(values[begin : begin + stride], digits) for begin in range(0, len(values), stride)]


def _mean(values: Sequence[float | None], digits: int) -> float | None:
    known = [value for value in values if value is not None]
    return float(f"{sum(known) / len(known):.{digits}g}") if known else None
