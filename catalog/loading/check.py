"""Rules that need more than one value: references, duplicates, names that would resolve to two models, sense within a row."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError

from catalog.loading.kinds import ALL, DATA_CENTERS, ENDPOINTS, MODELS, PROVIDERS, Kind
from catalog.loading.problems import Problem, did_you_mean
from catalog.loading.source import Row
from catalog.models import DataCenter, Endpoint, Model, Provider


def all_of(rows: Sequence[Row]) -> list[Problem]:
    """Every broken rule. Unsound rows are told already: here they only count as references that exist."""
    sound = {name: [row for row in rows if row.kind is kind and row.sound] for name, kind in ALL.items()}
    problems = [problem for kind_rows in sound.values() for problem in _twice(kind_rows)]
    problems += [problem for row in sound["providers"] for problem in _broken_rules(row, Provider(**row.values))]
    problems += [problem for row in sound["models"] for problem in _broken_rules(row, Model(**row.values))]
    problems += _ambiguous_names(sound["models"])
    known = {kind.name: _known(kind, rows) for kind in (PROVIDERS, DATA_CENTERS, MODELS)}
    return problems + [problem for row in sound["endpoints"] for problem in _endpoint(row, known)]


def key_of(row: Row) -> tuple[Any, ...]:
    """What makes a row the same row the next time: its slug; for an endpoint, who serves what where."""
    columns = ("model", "provider", "data_center") if row.kind is ENDPOINTS else ("slug",)
    return tuple(row.values[column] for column in columns)


def _twice(rows: Sequence[Row]) -> Iterator[Problem]:
    first: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        earlier = first.setdefault(key_of(row), row)
        if earlier is not row:
            name = " at ".join(str(part) for part in key_of(row) if part)
            field = "model" if row.kind is ENDPOINTS else "slug"
            yield row.problem(field, f"{name} is in the files twice; it was given in {earlier.file}:{earlier.lines[field]} already")


def _broken_rules(row: Row, instance: Provider | Model | Endpoint) -> Iterator[Problem]:
    """The rules of the row's own table, told with the files' field names."""
    try:
        instance.clean()
    except ValidationError as error:
        told = error.message_dict if hasattr(error, "error_dict") else {"base_url": error.messages}  # all that is told of a whole row
        for column, messages in told.items():
            field = next(name for name in row.kind.fields if row.kind.column_of(name) == column)
            yield from (row.problem(field, message) for message in messages)


def _ambiguous_names(rows: Sequence[Row]) -> Iterator[Problem]:
    """Display name, slug and vendor id all resolve to a model, in any case: no two models may share one."""
    owners = {name.casefold(): (slug, "the database") for slug, names in _stored_names(rows) for name in names}
    for row in rows:
        for field in ("slug", "name", "vendor_id"):
            name = row.values[field]
            owner, where = owners.setdefault(name.casefold(), (row.values["slug"], f"{row.file}:{row.lines[field]}"))
            if owner != row.values["slug"]:
                yield row.problem(field, f"{name!r} would mean two models; {owner} answers to it already ({where})")


def _stored_names(rows: Sequence[Row]) -> Iterator[tuple[str, tuple[str, ...]]]:
    loaded_now = {row.values["slug"] for row in rows}
    for slug, name, vendor_id in Model.objects.values_list("slug", "name", "vendor_id"):
        if slug not in loaded_now:
            yield slug, (slug, name, vendor_id)


def _known(kind: Kind, rows: Sequence[Row]) -> dict[str, str | None]:
    """Slugs that endpoints may refer to, of the database and of the files; for models with their category."""
    column = "category" if kind is MODELS else "slug"
    in_files = {row.values["slug"]: row.values.get(column) for row in rows if row.kind is kind}
    return dict(kind.model.objects.values_list("slug", column)) | in_files


def _endpoint(row: Row, known: dict[str, dict[str, str | None]]) -> Iterator[Problem]:
    for field, column in (("model", "model"), ("provider", "provider"), ("data_centers", "data_center")):
        slug, slugs = row.values[column], known[field if field == "data_centers" else f"{field}s"]
        if slug is not None and slug not in slugs:
            yield row.problem(field, f"there is no {column.replace('_', ' ')} {slug!r}{did_you_mean(slug, slugs)}")
    category = known["models"].get(row.values["model"])
    if category:
        data_center = DataCenter(slug=row.values["data_center"]) if row.values["data_center"] else None
        yield from _broken_rules(row, Endpoint(model=Model(slug=row.values["model"], category=category), data_center=data_center))
