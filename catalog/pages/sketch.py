"""The chart before the chart: the lines of a figure as plain SVG, drawn by the server.

It is there with the page's first paint, stays where there is no JavaScript, and makes room for Plotly when that is loaded;
so its frame is the one of ``catalog.pages.figures``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog.templatetags.money_tags import short

WIDTH, HEIGHT, POINTS = 1000, 260, 96
MARGIN = 0.06  # of the height, above and below
Values = Sequence[float | None]


@dataclass(frozen=True)
class Sketch:
    """Paths by the role of their line, the strong one last, and three values beside them, from above."""

    paths: list[tuple[str, str]]
    levels: list[str]


def of(figure: Mapping[str, Any]) -> Sketch | None:
    """None before there are two values to draw."""
    lines = [(role, _thin(trace["y"])) for role, trace in _lines(figure["data"])]
    known = [value for _, line in lines for value in line if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    rest = (high - low or high or 1) * MARGIN
    scale = HEIGHT / (high - low + 2 * rest)
    levels = [_level(value, figure["layout"]["yaxis"]["ticksuffix"]) for value in (high, (high + low) / 2, low)]
    return Sketch([(role, _path(line, high + rest, scale)) for role, line in lines], levels)


def _lines(traces: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each with its role; models side by side have a number too, from 0."""
    models = 0
    for trace in traces:
        role = trace["meta"]["role"]
        if role == "model":
            role, models = f"model model-{models}", models + 1
        if trace["mode"] == "lines":
            yield role, trace


def _level(value: float, suffix: str) -> str:
    return f"{value:+.0f}{suffix}".replace("-", "−") if suffix else f"${short(value)}"


def _thin(values: Values) -> Values:
    return values[:: max(1, len(values) // POINTS)]


def _path(line: Values, top: float, scale: float) -> str:
    """Steps, as Plotly's ``hv``; a gap where nothing is known."""
    across, words, is_on = WIDTH / max(len(line) - 1, 1), [], False
    for index, value in enumerate(line):
        x, is_new = round(index * across), not is_on
        is_on = value is not None
        if value is not None:
            y = round((top - value) * scale)
            words.append(f"M{x} {y}" if is_new else f"H{x}V{y}")
    return "".join(words)
