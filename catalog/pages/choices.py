"""What the market table offers to press and to choose: filters with how many models they would show, column heads, what is in force."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from catalog import operations
from catalog.models import MODALITIES
from catalog.pages import columns
from catalog.pages.market import Row
from catalog.pages.shelf import CONTEXTS, LABELS, Filter, matches


@dataclass(frozen=True)
class Chip:
    """A filter to press: its name, the address it leads to, whether it is on, and how many models it would show."""

    name: str
    query: str
    is_on: bool = False
    count: int = 0


@dataclass(frozen=True)
class Select:
    """A filter to choose from a list: its word in the address, its name, and (value, words, is chosen)."""

    word: str
    name: str
    options: list[tuple[str, str, bool]]


@dataclass(frozen=True)
class Head:
    word: str
    query: str
    aria_sort: str


def chips(rows: Sequence[Row], wanted: Filter) -> list[Chip]:
    labels = [_chip(rows, wanted, name, wanted.label == label, label=label) for label, name in LABELS.items()]
    return [*labels, _chip(rows, wanted, "Available here", wanted.available, available=True)]


def selects(rows: Sequence[Row], wanted: Filter) -> list[Select]:
    contexts = {size: f"{name} tokens or more" for size, name in CONTEXTS.items()}
    return [
        _select(rows, wanted, "reads", "reads", "Reads anything", {kind: f"Reads {_kind(kind)}" for kind in MODALITIES}),
        _select(rows, wanted, "for", "called_for", "For anything", {word: f"For {word}" for word in operations.OPERATIONS}),
        _select(rows, wanted, "context", "context", "Any context", contexts),
        _order(wanted),
    ]


def in_force(wanted: Filter) -> list[Chip]:
    """What narrows the table, each with the address without it. Also the words for a table that is empty."""
    label = _taken_away(wanted, LABELS[wanted.label], label="") if wanted.label else []
    available = _taken_away(wanted, "available here", available=False) if wanted.available else []
    return [*label, *available, *removable(wanted)]


def removable(wanted: Filter) -> list[Chip]:
    """Of these, what is no chip already."""
    return [
        *(_taken_away(wanted, f"“{wanted.q}”", q="") if wanted.q else []),
        *(_taken_away(wanted, f"reads {_kind(wanted.reads)}", reads="") if wanted.reads else []),
        *(_taken_away(wanted, f"for {wanted.called_for}", called_for="") if wanted.called_for else []),
        *(_taken_away(wanted, f"{CONTEXTS[wanted.context]} tokens or more", context=0) if wanted.context else []),
    ]


def heads(wanted: Filter) -> Mapping[str, Head]:
    return {
        word: Head(word, wanted.changed(sort=columns.turned(wanted.sort, word)).query(), columns.direction(wanted.sort, word))
        for word in columns.COLUMNS
    }


def _chip(rows: Iterable[Row], wanted: Filter, name: str, is_on: bool, **change: str | bool) -> Chip:
    with_it, without = wanted.changed(**change), wanted.changed(**{field: type(value)() for field, value in change.items()})
    return Chip(name, (without if is_on else with_it).query(), is_on, sum(matches(row, with_it) for row in rows))


def _select(
    rows: Sequence[Row], wanted: Filter, word: str, field: str, anything: str, values: Mapping[str, str] | Mapping[int, str]
) -> Select:
    chosen = getattr(wanted, field)
    options = [("", anything, not chosen)]
    for value, name in values.items():
        count = sum(matches(row, wanted.changed(**{field: value})) for row in rows)
        options.append((str(value), f"{name} ({count})", chosen == value))
    return Select(word, anything, options)


def _taken_away(wanted: Filter, name: str, **without: str | bool | int) -> list[Chip]:
    return [Chip(name, wanted.changed(**without).query(), True)]


def _order(wanted: Filter) -> Select:
    """A column that is turned round stays so while other filters change."""
    word = wanted.sort.removeprefix("-")
    options = [(wanted.sort if each == word else each, name, each == word) for each, name in columns.SORTS.items()]
    return Select("sort", "Order", options)


def _kind(modality: str) -> str:
    """As people say it: images, files."""
    return {"image": "images", "file": "files"}.get(modality, modality)
