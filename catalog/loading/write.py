"""Stores checked rows: creates what is new, changes what differs, leaves the rest alone. A field absent from the files keeps its value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from catalog.loading.check import key_of
from catalog.loading.kinds import ALL, ENDPOINTS, Kind
from catalog.loading.source import Row
from catalog.models import DataCenter, Endpoint, Model, Provider


class Changed(NamedTuple):
    """A row by its slug, or an endpoint by what is served by whom and where; ``columns`` before and after, none of a new row."""

    key: tuple[Any, ...]
    columns: dict[str, tuple[Any, Any]]

    @property
    def name(self) -> str:
        return " at ".join(str(part) for part in self.key if part)


@dataclass
class Tally:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deactivated: int = 0
    told: list[Changed] = field(default_factory=list, compare=False)

    @property
    def changes(self) -> int:
        return self.created + self.updated + self.deactivated


def store(rows: Sequence[Row], *, deactivate_missing: bool) -> dict[str, Tally]:
    """Counts by kind, for the kinds that occur in the rows. Inside the caller's transaction."""
    tallies = {}
    for kind in ALL.values():
        wanted = {key_of(row): row.values for row in rows if row.kind is kind}
        if wanted:
            tallies[kind.name] = _store_kind(kind, wanted, deactivate_missing)
    return tallies


def _store_kind(kind: Kind, wanted: dict[tuple[Any, ...], dict[str, Any]], deactivate_missing: bool) -> Tally:
    tally = Tally()
    stored = _stored(kind)
    new = []
    for key, values in (_with_objects(wanted) if kind is ENDPOINTS else wanted).items():
        if key not in stored:
            new.append(_new(kind, values))
            tally.told.append(Changed(key, {}))
        elif columns := _update(stored[key], values):
            tally.updated += 1
            tally.told.append(Changed(key, columns))
        else:
            tally.unchanged += 1
    kind.model.objects.bulk_create(new)
    tally.created = len(new)
    if deactivate_missing:
        gone = [Changed(key, columns) for key, row in stored.items() if key not in wanted and (columns := _update(row, {"active": False}))]
        tally.deactivated = len(gone)
        tally.told += gone
    return tally


def _stored(kind: Kind) -> dict[tuple[Any, ...], Any]:
    if kind is not ENDPOINTS:
        return {(row.slug,): row for row in kind.model.objects.all()}
    endpoints = Endpoint.objects.select_related("model", "provider", "data_center")
    return {(e.model.slug, e.provider.slug, e.data_center.slug if e.data_center else None): e for e in endpoints}


def _with_objects(wanted: dict[tuple[Any, ...], dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Endpoint rows with the rows they refer to in the place of slugs."""
    models = {row.slug: row for row in Model.objects.all()}
    providers = {row.slug: row for row in Provider.objects.all()}
    data_centers = {row.slug: row for row in DataCenter.objects.all()}
    return {
        key: values | {"model": models[key[0]], "provider": providers[key[1]], "data_center": data_centers.get(key[2])}
        for key, values in wanted.items()
    }


def _new(kind: Kind, values: dict[str, Any]) -> Any:
    """Upstreams know a model by its vendor id unless the file says otherwise."""
    return kind.model(**({"upstream_model": values["model"].vendor_id} if kind is ENDPOINTS else {}) | values)


def _update(row: Any, values: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Save the values that differ; those, before and after."""
    changed = {column: (getattr(row, column), value) for column, value in values.items() if getattr(row, column) != value}
    for column, (_, value) in changed.items():
        setattr(row, column, value)
    if changed:
        row.save(update_fields=[*changed, "updated_at"])
    return changed
