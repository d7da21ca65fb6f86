"""The small lines of the market table: each model's routed price over 24 hours, in millionths of list price."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from catalog.energy import routed, tariff
from catalog.energy.delivered import slot_of
from catalog.models import DeliveredPrice, Model

EVERY, POINTS = timedelta(minutes=30), 48


class Line(NamedTuple):
    """Where requests go now (a data center's id), and what they paid, oldest first. Empty where the price does not move."""

    site: int | None
    ppm: list[int]


FLAT = Line(None, [])
Electricity = Mapping[datetime, Mapping[int, tuple[int, int]]]  # by slot and data center: smoothed, reference


def of(sites: Mapping[Model, list[int]], newest: datetime) -> dict[int, Line]:
    """By model id, up to the interval ``newest``, of models and the data centers their requests choose from. Two queries.

    The line follows the decisions of ``catalog.energy.routed``; models at the same sites with the same weight share it.
    """
    slots = [slot_of(newest) - EVERY * number for number in reversed(range(POINTS))]
    keys = {model: (routed.key(chosen), model.energy_weight) for model, chosen in sites.items() if chosen}
    paths, electricity = routed.paths((name for name, _ in keys.values()), slots), _electricity(slots)
    lines = {key: _line(paths.get(key[0], {}), electricity, key[1], slots[-1]) for key in set(keys.values())}
    return {model.pk: lines[key] for model, key in keys.items()}


def _line(path: Mapping[datetime, int], electricity: Electricity, weight: float, newest: datetime) -> Line:
    levels = [electricity.get(slot, {}).get(site) for slot, site in sorted(path.items())]
    return Line(path.get(newest), [tariff.multiplier(*level, weight) for level in levels if level])


def _electricity(slots: Iterable[datetime]) -> Electricity:
    rows = DeliveredPrice.objects.filter(interval_start__in=list(slots)).values_list(
        "interval_start", "data_center_id", "smoothed_microusd_per_mwh", "reference_microusd_per_mwh"
    )
    found: dict[datetime, dict[int, tuple[int, int]]] = {}
    for slot, site, smoothed, reference in rows.iterator():
        found.setdefault(slot, {})[site] = smoothed, reference
    return found
