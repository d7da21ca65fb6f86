"""One metric over time, whole or by group: what the chart draws and what its table says."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from activity import steps, usage
from activity.filters import Filter, Span
from activity.models import Status
from activity.steps import Point, Steps
from activity.usage import Piece, Usage
from catalog.models import DataCenter
from catalog.templatetags.money_tags import milliseconds
from clod_site.lib import money
from projects.models import ApiKey, Project

TOP = 8
OTHER, STUDIO_NAME, NOBODY = "other", "Studio", "nobody"
BY = {"": "Total", "model": "By model", "project": "By project", "key": "By key", "site": "By data center", "status": "By status"}
Value = float | int | None
TEXTS: dict[str, Callable[[Any], str]] = {
    "count": lambda value: f"{value:,}",
    "usd": lambda value: money.format_usd(round(value * 1e9)),
    "ms": milliseconds,
}


@dataclass(frozen=True)
class Metric:
    """``parts`` are the lines of a chart that is not grouped; ``one`` is the line of a group. ``unit`` is count, usd or ms."""

    label: str
    unit: str
    parts: dict[str, Callable[[Usage], Value]]
    one: Callable[[Usage], Value]
    is_time: bool = False


def _times(label: str, what: str) -> Metric:
    def at(share: float) -> Callable[[Usage], Value]:
        return lambda usage: usage.percentile_ms(what, share)

    return Metric(label, "ms", {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99)}, at(0.95), is_time=True)


METRICS = {
    "requests": Metric("Requests", "count", {"Requests": lambda usage: usage.requests}, lambda usage: usage.requests),
    "tokens": Metric(
        "Tokens",
        "count",
        {"Prompt": lambda usage: usage.prompt_tokens, "Answer": lambda usage: usage.completion_tokens},
        lambda usage: usage.tokens,
    ),
    "cost": Metric("Cost", "usd", {"Cost": lambda usage: usage.cost_nanousd / 1e9}, lambda usage: usage.cost_nanousd / 1e9),
    "ttft": _times("TTFT", "ttft"),
    "latency": _times("Latency", "latency"),
    "errors": Metric("Errors", "count", {"Errors": lambda usage: usage.failed}, lambda usage: usage.failed),
}


@dataclass(frozen=True)
class Wanted:
    """``metric`` and ``by`` of an address; what means nothing is the default."""

    metric: str = "requests"
    by: str = ""

    def parts(self) -> list[tuple[str, str]]:
        """Names and values of the address, without what is at its default."""
        return [(name, value) for name, value in (("metric", self.metric), ("by", self.by)) if value not in ("requests", "")]


def read(query: Any) -> Wanted:
    metric, by = query.get("metric", ""), query.get("by", "")
    return Wanted(metric if metric in METRICS else "requests", by if by in BY else "")


@dataclass(frozen=True)
class Line:
    """``key`` is the group's; None for what is not a group, or many."""

    name: str
    key: Any
    values: list[Value]


@dataclass(frozen=True)
class Chart:
    wanted: Wanted
    steps: Steps
    points: list[Point]
    lines: list[Line]

    @property
    def metric(self) -> Metric:
        return METRICS[self.wanted.metric]

    @property
    def is_empty(self) -> bool:
        return not any(value for line in self.lines for value in line.values)

    @property
    def rows(self) -> list[tuple[Point, list[str]]]:
        """For the table, newest first; without points at which there was nothing."""
        columns = zip(self.points, *(line.values for line in self.lines), strict=True)
        text = TEXTS[self.metric.unit]
        return [(point, [text(value) for value in values]) for point, *values in reversed(list(columns)) if any(values)]

    @property
    def is_by_day(self) -> bool:
        return self.steps.unit in ("day", "month")


def of(organization_id: UUID, wanted: Wanted, filter_: Filter, span: Span, mark: Any, now: Any) -> Chart:
    is_time = METRICS[wanted.metric].is_time
    pieces = usage.course(organization_id, filter_, span, mark, wanted.by, with_times=is_time)
    return of_pieces(pieces, wanted, span, now)


def of_pieces(pieces: list[Piece], wanted: Wanted, span: Span, now: Any) -> Chart:
    span = steps.begun(span, pieces, now)
    found = steps.of(span)
    points = found.points(span)
    lines = _group_lines if wanted.by else _part_lines
    return Chart(wanted, found, points, lines(pieces, wanted, found, points))


def _part_lines(pieces: list[Piece], wanted: Wanted, found: Steps, points: list[Point]) -> list[Line]:
    at = steps.by_point(pieces, found)
    parts = METRICS[wanted.metric].parts.items()
    return [Line(name, None, _values(at, points, value, METRICS[wanted.metric])) for name, value in parts]


def _group_lines(pieces: list[Piece], wanted: Wanted, found: Steps, points: list[Point]) -> list[Line]:
    """The eight largest groups, and the rest as one."""
    metric = METRICS[wanted.metric]
    groups = _ranked(pieces, metric)
    names = _names(wanted.by, [key for key, _ in groups[:TOP]])
    lines = [Line(names.get(key, str(key)), key, _line(own, metric, found, points)) for key, own in groups[:TOP]]
    rest = [piece for _, own in groups[TOP:] for piece in own]
    return [*lines, Line(f"{len(groups) - TOP} {OTHER}", None, _line(rest, metric, found, points))] if rest else lines


def _ranked(pieces: list[Piece], metric: Metric) -> list[tuple[Any, list[Piece]]]:
    """Largest first; by requests where the metric is a time, which has no sum."""
    groups: dict[Any, list[Piece]] = {}
    for piece in pieces:
        groups.setdefault(piece.group, []).append(piece)
    weigh: Callable[[Usage], Value] = (lambda each: each.requests) if metric.is_time else metric.one
    weights = {key: sum(weigh(piece.usage) or 0 for piece in own) for key, own in groups.items()}
    kept = (key for key in groups if weights[key])
    return [(key, groups[key]) for key in sorted(kept, key=lambda key: (-weights[key], str(key)))]


def _line(pieces: list[Piece], metric: Metric, found: Steps, points: list[Point]) -> list[Value]:
    return _values(steps.by_point(pieces, found), points, metric.one, metric)


def _values(at: dict[Point, Usage], points: list[Point], value: Callable[[Usage], Value], metric: Metric) -> list[Value]:
    nothing: Value = None if metric.is_time else 0
    return [_short(value(at[point])) if point in at else nothing for point in points]


def _short(value: Value) -> Value:
    return float(f"{value:.6g}") if isinstance(value, float) else value


# --- names ---------------------------------------------------------------------------------------


def _names(by: str, keys: Iterable[Any]) -> dict[Any, str]:
    """How people call the groups."""
    if by == "project":
        return dict(Project.objects.filter(pk__in=keys).values_list("pk", "name"))
    if by == "key":
        named = [key for key in keys if key]
        return dict(ApiKey.objects.filter(pk__in=named).values_list("pk", "name")) | {None: STUDIO_NAME}
    if by == "site":
        return dict(DataCenter.objects.filter(slug__in=keys).values_list("slug", "name")) | {"": NOBODY}
    return {status.value: status.label for status in Status} if by == "status" else {"": NOBODY}
