"""The order of the market table. A sort is a word in the address; a minus before it turns it round.

``free`` and ``newest`` put models that can be called here first. The others are columns: what the column says decides
alone, and what is not known comes last either way.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from catalog.models import Category
from catalog.pages.market import Row
from catalog.pages.performance import NOT_MEASURED, Measured, Performance

DEFAULT = "free"
CURATED = {"free": "Free first", "newest": "Newest"}

Rank = Callable[[Row, Performance], float | str | None]


@dataclass(frozen=True)
class Column:
    """``best_first`` is the direction of a first press: +1 ascending, −1 descending."""

    name: str
    rank: Rank
    best_first: int = 1


COLUMNS = {
    "name": Column("Name", lambda row, _: row.model.name.casefold()),
    "context": Column("Largest context", lambda row, _: row.model.context_window, -1),
    "in": Column("Cheapest input", lambda row, _: row.input_nanousd_per_mtok),
    "out": Column("Cheapest output", lambda row, _: row.output_nanousd_per_mtok if row.writes else None),
    "list": Column("Furthest below list", lambda row, _: row.delta),
    "ttft": Column("Fastest first token", lambda _, measured: measured.ttft_ms),
    "rate": Column("Most tokens/s", lambda _, measured: measured.tokens_per_s, -1),
    "uptime": Column("Highest uptime", lambda _, measured: measured.uptime, -1),
}
SORTS = CURATED | {word: column.name for word, column in COLUMNS.items()}


def known(sort: str) -> str:
    """The sort an address asks for, the default for words that mean nothing."""
    return sort if sort in SORTS or sort.removeprefix("-") in COLUMNS else DEFAULT


def in_order(rows: Iterable[Row], sort: str, measured: Measured) -> list[Row]:
    by_name = sorted(rows, key=lambda row: row.model.name.casefold())
    if sort in CURATED:
        return sorted(by_name, key=lambda row: (not row.is_available, _curated(row, sort)))
    return _by_column(by_name, sort, measured)


def turned(sort: str, word: str) -> str:
    """What a press on the head of a column leads to."""
    return f"-{word}" if sort == word else word


def direction(sort: str, word: str) -> str:
    """``aria-sort`` of a column's head; empty when the table is not sorted by it."""
    if sort.removeprefix("-") != word:
        return ""
    step = COLUMNS[word].best_first * (-1 if sort.startswith("-") else 1)
    return "ascending" if step > 0 else "descending"


def _by_column(rows: Iterable[Row], sort: str, measured: Measured) -> list[Row]:
    word = sort.removeprefix("-")
    ranked = [(COLUMNS[word].rank(row, measured.get(row.model.slug, NOT_MEASURED)), row) for row in rows]
    told = [(rank, row) for rank, row in ranked if rank is not None]
    told.sort(key=lambda each: each[0], reverse=direction(sort, word) == "descending")
    return [row for _, row in told] + [row for rank, row in ranked if rank is None]


def _curated(row: Row, sort: str) -> float:
    if sort == "newest":
        return -row.model.created_at.timestamp()
    return 0 if row.model.is_free else 1 if row.model.category == Category.HOSTED else 2
