"""The catalog as a file: what ``load_catalog`` reads, written from the database. Loading it again changes nothing.

What has no value is left out; secrets are no fields of these files.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from catalog.loading.kinds import ALL, ENDPOINTS, Kind
from catalog.models import Endpoint
from clod_site.lib import money

HEAD = """# The catalog as it was, in the form that load_catalog and the admin's import read (docs/catalog.md). Without any API key.
# A row says everything that has to be known of it; an optional field that is not there keeps its value.

"""
_DOLLARS = {"_usd_per_mtok": money.NANO, "_usd_per_mwh": 1_000_000}


class _Plain(str):
    """A number or word that is written without quotes."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _write_plain(dumper: yaml.SafeDumper, value: _Plain) -> yaml.ScalarNode:
    tag: str = dumper.resolve(yaml.ScalarNode, str(value), (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, str(value))


_Dumper.add_representer(_Plain, _write_plain)


def text() -> str:
    """All of it. Four queries."""
    sections = ({kind.name: rows} for kind in ALL.values() if (rows := list(_rows(kind))))
    dumped = (
        yaml.dump(section, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000, default_flow_style=None) for section in sections
    )
    return HEAD + "\n".join(dumped)


def told(kind: Kind, column: str, value: Any) -> tuple[str, str]:
    """A column's name and value as the files have them, for people to read."""
    name = next((name for name in kind.fields if kind.column_of(name) == column), column)
    written = _value(name, value)
    return name, ", ".join(written) if isinstance(written, list) else "none" if written is None else str(written)


def _rows(kind: Kind) -> Iterator[dict[str, Any]]:
    for row in _stored(kind):
        values = {name: _value(name, _column(row, kind.column_of(name))) for name in kind.fields}
        yield {name: value for name, value in values.items() if value is not None}


def _stored(kind: Kind) -> Any:
    if kind is ENDPOINTS:
        return Endpoint.objects.select_related("model", "provider", "data_center").order_by(
            "model__slug", "provider__slug", "data_center__slug"
        )
    return kind.model.objects.order_by("slug")


def _column(row: Any, column: str) -> Any:
    """References by their slugs."""
    value = getattr(row, column)
    if column == "data_center":
        return [value.slug] if value else None
    return getattr(value, "slug", value)


def _value(name: str, value: Any) -> Any:
    """None for what is left out."""
    if value is None or value == "":
        return None
    if isinstance(value, list):
        return value
    if isinstance(value, bool):
        return _Plain("true" if value else "false")
    if isinstance(value, date):
        return _Plain(value.isoformat())
    per_dollar = next((parts for ending, parts in _DOLLARS.items() if name.endswith(ending)), None)
    if per_dollar:
        return _Plain(_digits(Decimal(value) / per_dollar))
    return _Plain(_digits(Decimal(repr(value)))) if isinstance(value, int | float) else getattr(value, "slug", str(value))


def _digits(number: Decimal) -> str:
    """Without an exponent or trailing zeros."""
    written = f"{number:f}"
    return written.rstrip("0").rstrip(".") if "." in written else written
