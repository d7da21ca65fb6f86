"""Rules that need more than one value: references, duplicates, names that would resolve to two models, sense within a row."""

from collections.abc import Iterator, Sequence
from typing import Any

from catalog.loading.kinds import ALL, DATA_CENTERS, ENDPOINTS, MODELS, PROVIDERS, Kind
from catalog.loading.problems import Problem, did_you_mean
from catalog.loading.source import Row
from catalog.models import Category, Model


def all_of(rows: Sequence[Row]) -> list[Problem]:
    """Every broken rule. Unsound rows are told already: here they only count as references that exist."""
    sound = {name: [row for row in rows if row.kind is kind and row.sound] for name, kind in ALL.items()}
    problems = [problem for kind_rows in sound.values() for problem in _twice(kind_rows)]
    problems += [problem for row in sound["models"] for problem in _model(row)]
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


def _model(row: Row) -> Iterator[Problem]:
    values = row.values
    if values["max_output_tokens"] > values["context_window"]:
        yield row.problem("max_output_tokens", f"is more than the context window of {values['context_window']}")
    if values.get("is_free") and values["category"] != Category.HOSTED:
        yield row.problem("is_free", "only hosted models can be free: a third party would bill the free requests")
    if values.get("active_parameters_b", 0) > values.get("parameters_b", float("inf")):
        yield row.problem("active_parameters_b", "is more than parameters_b")


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
    if category == Category.HOSTED and row.values["data_center"] is None:
        yield row.problem("data_centers", f"is missing: {row.values['model']} is hosted, so its endpoints are at data centers")
    if category == Category.THIRD_PARTY and row.values["data_center"] is not None:
        yield row.problem("data_centers", f"{row.values['model']} is third-party; leave data_centers out")
