"""Reads catalog files: YAML in, rows out, each value still knowing its line.

A file is a mapping from a kind to a list of rows; ``defaults`` beside it holds fields that its rows share.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from catalog.loading.fields import DATA_CENTER
from catalog.loading.kinds import ALL, ENDPOINTS, Kind
from catalog.loading.problems import Problem, did_you_mean

# libyaml is ten times as fast; PyYAML built without it has only the other.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEFAULTS = "defaults"
MOST_CHARACTERS = 2 * 1024 * 1024
MOST_EVENTS = 200_000  # thirty times what the shipped catalog has
MOST_DEPTH = 16  # a row's list is at the fifth level
MOST_PROBLEMS = 1_000


class Row(NamedTuple):
    """One row of one kind. ``values`` are by column; references are slugs still. An unsound row only keeps its slug known."""

    kind: Kind
    file: str
    line: int
    values: dict[str, Any]
    lines: dict[str, int]
    sound: bool = True

    def problem(self, field: str, message: str) -> Problem:
        return Problem(self.file, self.lines.get(field, self.line), field, message)


def read_all(paths: Sequence[Path]) -> tuple[list[Row], list[Problem]]:
    """Every row of the files that could be read, and everything that is wrong with the others."""
    rows: list[Row] = []
    problems: list[Problem] = []
    for path in paths:
        rows += _File(str(path), partial(path.read_text, encoding="utf-8"), problems).rows()
    return rows, problems


def read_text(name: str, text: str) -> tuple[list[Row], list[Problem]]:
    """The same of one file that is not on this machine; problems call it by ``name``."""
    problems: list[Problem] = []
    return _File(name, lambda: text, problems).rows(), problems


class _Given(NamedTuple):
    """A field's value as it stands in the file, and the line its name is on."""

    line: int
    node: yaml.Node


class _File:
    """One catalog file; what is wrong with it goes to ``problems``, and is counted."""

    def __init__(self, name: str, text: Callable[[], str], problems: list[Problem]) -> None:
        self.name, self.text, self.problems, self.reports = name, text, problems, 0

    def rows(self) -> list[Row]:
        sections = self._mapping(self._root(), "the file")
        defaults = self._mapping(sections.pop(_DEFAULTS).node, _DEFAULTS) if _DEFAULTS in sections else {}
        return [row for name, section in sections.items() for row in self._section(name, section, defaults)]

    def _root(self) -> yaml.Node | None:
        try:
            text = self.text()
            if complaint := _too_much(text):
                self._report(0, "", complaint)
                return None
            root: yaml.Node | None = yaml.compose(text, Loader=_Loader)
        except OSError as error:
            self._report(0, "", f"cannot be read: {error.strerror or error}")
        except UnicodeDecodeError:
            self._report(0, "", "is not UTF-8 text")
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._report(mark.line + 1 if mark else 0, "", f"is not valid YAML: {error.problem or error.context}")
        except yaml.YAMLError as error:
            self._report(0, "", f"is not valid YAML: {error}")
        else:
            if root is None:
                self._report(0, "", f"is empty; expected one of {', '.join(ALL)}")
            return root
        return None

    def _section(self, name: str, section: _Given, defaults: dict[str, _Given]) -> Iterator[Row]:
        if name not in ALL:
            self._report(section.line, name, f"is not a kind of catalog rows{did_you_mean(name, ALL)}")
        elif not isinstance(section.node, yaml.SequenceNode):
            self._report(section.line, name, "expected a list of rows, each beginning with a hyphen")
        else:
            for node in section.node.value:
                yield from self._row(ALL[name], node, defaults)

    def _row(self, kind: Kind, node: yaml.Node, defaults: dict[str, _Given]) -> Iterator[Row]:
        before = self.reports
        own = self._mapping(node, f"a row of {kind.name}")
        if not own:
            return
        given = defaults | own
        values = {
            kind.column_of(name): self._value(kind, name, value) for name, value in given.items() if self._is_field(kind, name, value)
        }
        for name in (name for name, field in kind.fields.items() if field.required and name not in given):
            self._report(_line(node), name, "is missing")
        lines = {name: value.line for name, value in given.items()}
        row = Row(kind, self.name, _line(node), values, lines, sound=self.reports == before)
        if row.sound:
            yield from _each_data_center(row) if kind is ENDPOINTS else [row]
        elif values.get("slug"):
            yield row

    def _is_field(self, kind: Kind, name: str, value: _Given) -> bool:
        if name not in kind.fields:
            self._report(value.line, name, f"is not a field of {kind.name}{did_you_mean(name, kind.fields)}")
        return name in kind.fields

    def _value(self, kind: Kind, name: str, given: _Given) -> Any:
        try:
            value = kind.fields[name].read(given.node)
            longest = kind.model._meta.get_field(kind.column_of(name)).max_length
            if longest and isinstance(value, str) and len(value) > longest:
                raise ValueError(f"is {len(value)} characters long; at most {longest} are kept")
        except ValueError as error:
            self._report(given.line, name, str(error))
            return None
        return value

    def _mapping(self, node: yaml.Node | None, what: str) -> dict[str, _Given]:
        """The node's fields by name; a field given twice is a problem, not the last one's victory."""
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._report(_line(node), "", f"expected {what} to be fields with values, such as slug: gpt-4o")
            return {}
        fields: dict[str, _Given] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in fields:
                self._report(_line(key), name, f"was given on line {fields[name].line} already")
            fields[name] = _Given(_line(key), value)
        return fields

    def _report(self, line: int, field: str, message: str) -> None:
        self.reports += 1
        problem = Problem(self.name, line, field, message)
        if len(self.problems) < MOST_PROBLEMS and problem not in self.problems:  # a bad default would be told once for every row
            self.problems.append(problem)


def _too_much(text: str) -> str:
    """Why the text is not composed: the composer calls itself for every level, in C, and an alias makes a small file a large one."""
    if len(text) > MOST_CHARACTERS:
        return f"has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read"
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            return f"is nested more than {MOST_DEPTH} levels deep at line {_line(event)}"
        if isinstance(event, yaml.AliasEvent):
            return f"has an alias (*{event.anchor}) at line {_line(event)}; write it out, or put what rows share under defaults"
        if number > MOST_EVENTS:
            return f"holds more than {MOST_EVENTS:,} values"
    return ""


def _each_data_center(row: Row) -> Iterator[Row]:
    """One endpoint for each data center on the line, or the one that is at none."""
    for slug in row.values.get("data_center") or [None]:
        values = row.values | {"data_center": slug}
        if "base_url_env" in values:
            values["base_url_env"] = values["base_url_env"].replace(DATA_CENTER, (slug or "").upper().replace("-", "_"))
        yield row._replace(values=values)


def _line(node: yaml.Node | yaml.Event) -> int:
    return int(node.start_mark.line) + 1 if node.start_mark else 0
