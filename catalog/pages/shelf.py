"""Which models the table shows: the filter in the address. Their order is in ``catalog.pages.columns``."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict

from catalog import operations
from catalog.models import MODALITIES, Category
from catalog.pages import columns
from catalog.pages.market import Row
from catalog.pages.performance import Measured

LABELS = {"free": "Free", Category.HOSTED.value: "CLōD-hosted", Category.THIRD_PARTY.value: "Third-party"}
CONTEXTS = {32_000: "32K", 128_000: "128K", 200_000: "200K", 1_000_000: "1M"}
LONGEST_QUERY = 80


@dataclass(frozen=True)
class Filter:
    """Empty text and 0 mean "any"."""

    q: str = ""
    label: str = ""
    available: bool = False
    reads: str = ""
    called_for: str = ""
    context: int = 0
    sort: str = columns.DEFAULT

    def changed(self, **changes: str | bool | int) -> "Filter":
        return replace(self, **changes)  # type: ignore[arg-type]

    def query(self) -> str:
        """The address's query string, without what is at its default."""
        parts = {
            "q": self.q,
            "label": self.label,
            "available": "1" * self.available,
            "reads": self.reads,
            "for": self.called_for,
            "context": self.context,
            "sort": "" if self.sort == columns.DEFAULT else self.sort,
        }
        return urlencode({name: value for name, value in parts.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return self.changed(sort=columns.DEFAULT) != Filter()


def read(query: QueryDict) -> Filter:
    """The filter an address asks for; values that mean nothing are dropped."""
    return Filter(
        q=query.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY],
        label=_one_of(LABELS, query.get("label", "")),
        available=query.get("available") == "1",
        reads=_one_of(MODALITIES, query.get("reads", "")),
        called_for=_one_of(operations.OPERATIONS, query.get("for", "")),
        context=int(_one_of(map(str, CONTEXTS), query.get("context", "")) or 0),
        sort=columns.known(query.get("sort", "")),
    )


def choose(rows: Iterable[Row], wanted: Filter, measured: Measured | None = None) -> list[Row]:
    """The rows that match, in the wanted order."""
    return columns.in_order([row for row in rows if matches(row, wanted)], wanted.sort, measured or {})


def matches(row: Row, wanted: Filter) -> bool:
    model = row.model
    return (
        (not wanted.label or _has_label(row, wanted.label))
        and (not wanted.available or row.is_available)
        and (not wanted.reads or wanted.reads in model.input_modalities)
        and (not wanted.called_for or wanted.called_for in model.operations)
        and model.context_window >= wanted.context
        and _says(row, wanted.q)
    )


def _one_of(known: Iterable[str], asked: str) -> str:
    return asked if asked in set(known) else ""


def _has_label(row: Row, label: str) -> bool:
    return row.model.is_free if label == "free" else row.model.category == label


def _says(row: Row, q: str) -> bool:
    model = row.model
    text = f"{model.name} {model.slug} {model.vendor_id} {model.developer}".casefold()
    return all(word in text for word in q.casefold().split())
