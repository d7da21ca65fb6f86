"""Which models the table shows and in which order: the filter in the address."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from catalog.market import Row
from catalog.models import Category

SORTS = {"free": "Free first", "name": "Name", "price": "Cheapest", "context": "Largest context", "newest": "Newest"}
DEFAULT_SORT = "free"
LABELS = {"free": "Free", Category.HOSTED.value: "CLōD-hosted", Category.THIRD_PARTY.value: "Third-party"}


@dataclass(frozen=True)
class Filter:
    q: str = ""
    label: str = ""
    available: bool = False
    sort: str = DEFAULT_SORT

    def query(self, **changes: str | bool) -> str:
        """The address's query string, without what is at its default."""
        chosen = replace(self, **changes)  # type: ignore[arg-type]
        sort = "" if chosen.sort == DEFAULT_SORT else chosen.sort
        parts = {"q": chosen.q, "label": chosen.label, "available": "1" * chosen.available, "sort": sort}
        return urlencode({name: value for name, value in parts.items() if value})


def read(query: QueryDict) -> Filter:
    """The filter an address asks for; values that mean nothing are dropped."""
    label, sort = query.get("label", ""), query.get("sort", "")
    return Filter(
        q=query.get("q", "").strip()[:80],
        label=label if label in LABELS else "",
        available=query.get("available") == "1",
        sort=sort if sort in SORTS else DEFAULT_SORT,
    )


def choose(rows: Iterable[Row], wanted: Filter) -> list[Row]:
    """The rows that match, those that can be called here first, each group in the wanted order."""
    found = [row for row in rows if _matches(row, wanted)]
    return sorted(found, key=lambda row: (not row.is_available, _rank(row, wanted.sort), row.model.name.casefold()))


@dataclass(frozen=True)
class Chip:
    """A filter or an order to press: its name, the address it leads to, whether it is on, and how many models have it."""

    name: str
    query: str
    is_on: bool
    count: int = 0


def chips(rows: Iterable[Row], wanted: Filter) -> list[Chip]:
    rows = list(rows)
    labelled = [
        Chip(
            name,
            wanted.query(label="" if wanted.label == label else label),
            wanted.label == label,
            sum(_has_label(row, label) for row in rows),
        )
        for label, name in LABELS.items()
    ]
    available = sum(row.is_available for row in rows)
    return [*labelled, Chip("Available here", wanted.query(available=not wanted.available), wanted.available, available)]


def sorts(wanted: Filter) -> list[Chip]:
    return [Chip(name, wanted.query(sort=sort), wanted.sort == sort) for sort, name in SORTS.items()]


def _matches(row: Row, wanted: Filter) -> bool:
    if wanted.label and not _has_label(row, wanted.label):
        return False
    if wanted.available and not row.is_available:
        return False
    model = row.model
    text = f"{model.name} {model.slug} {model.vendor_id} {model.developer}".casefold()
    return all(word in text for word in wanted.q.casefold().split())


def _has_label(row: Row, label: str) -> bool:
    return row.model.is_free if label == "free" else row.model.category == label


def _rank(row: Row, sort: str) -> float:
    if sort == "free":
        return 0 if row.model.is_free else 1 if row.model.category == Category.HOSTED else 2
    if sort == "price":
        return row.input_nanousd_per_mtok + row.output_nanousd_per_mtok
    if sort == "context":
        return -row.model.context_window
    return -row.model.created_at.timestamp() if sort == "newest" else 0
