"""The chart of Activity as plain SVG, drawn by the server: there with the first paint, and all there is without JavaScript.

Plotly takes its place when a reader reaches for it. The SVG is stretched over its frame, so what must not be stretched, words and
strokes, is not in it: levels and instants stand beside it at equal distances.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from activity import inks
from activity.chart import Chart, Line
from activity.steps import Point

WIDTH, HEIGHT = 1000, 240
LEVELS, INSTANTS = 4, 5
BAR = 0.75  # of a step; the rest is the gap
LONGEST_NAME = 40


@dataclass(frozen=True)
class Shape:
    """One line of the chart: ``dots`` are its points where it is drawn as a line; bars have none."""

    name: str
    ink: str
    path: str
    dots: str = ""


@dataclass(frozen=True)
class Sketch:
    """``levels`` from above, ``grid`` their heights in the SVG, ``instants`` from the left."""

    shapes: list[Shape]
    levels: list[str]
    grid: list[int]
    instants: list[Point]
    unit: str


def of(chart: Chart) -> Sketch | None:
    """None where there is nothing to draw."""
    if chart.is_empty:
        return None
    is_time = chart.metric.is_time
    step = _step(_highest(chart), chart.metric.unit)
    count = max(1, math.ceil(_highest(chart) / step - 1e-9))
    scale = HEIGHT / (count * step)
    shapes = list(_curves(chart, scale) if is_time else _stacks(chart, scale))
    levels = [_level(step * number, chart.metric.unit) for number in range(count, -1, -1)]
    grid = [round(HEIGHT * number / count) for number in range(count + 1)]
    return Sketch(shapes, levels, grid, _spread(chart.points), chart.steps.unit)


def _highest(chart: Chart) -> float:
    if chart.metric.is_time:
        return max(value or 0 for line in chart.lines for value in line.values)
    return max(sum(value or 0 for value in column) for column in zip(*(line.values for line in chart.lines), strict=True))


def _step(highest: float, unit: str) -> float:
    """1, 2 or 5 times a power of ten, so that some four of them reach the highest value; whole where what is counted is."""
    power = 10.0 ** math.floor(math.log10(highest / LEVELS))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor * LEVELS >= highest * (1 - 1e-9))
    return step if unit == "usd" else max(1.0, step)


def _level(value: float, unit: str) -> str:
    if unit == "count":
        size, letter = next((pair for pair in ((1e9, "B"), (1e6, "M"), (1e3, "k")) if value >= pair[0]), (1, ""))
        return f"{value / size:g}{letter}"
    if unit == "ms":
        return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"
    return "$" + f"{value:,.9f}".rstrip("0").rstrip(".")


def _spread(points: Sequence[Point]) -> list[Point]:
    """A few at equal distances, the first and the last among them."""
    last, count = len(points) - 1, min(INSTANTS, len(points))
    parts = count - 1 if count > 1 else 1
    return [points[round(last * number / parts)] for number in range(count)]


def _stacks(chart: Chart, scale: float) -> Iterator[Shape]:
    """Bars upon each other, the first line lowest."""
    width, below = WIDTH / len(chart.points), [0.0] * len(chart.points)
    for line, ink in zip(chart.lines, inks.of(chart), strict=True):
        path = []
        for index, value in enumerate(line.values):
            if value:
                bottom, below[index] = HEIGHT - below[index] * scale, below[index] + value
                top, left = HEIGHT - below[index] * scale, (index + (1 - BAR) / 2) * width
                path.append(f"M{left:.1f} {bottom:.1f}H{left + BAR * width:.1f}V{top:.1f}H{left:.1f}z")
        yield Shape(short(line.name), ink, "".join(path))


def _curves(chart: Chart, scale: float) -> Iterator[Shape]:
    for line, ink in zip(chart.lines, inks.of(chart), strict=True):
        yield Shape(short(line.name), ink, *_curve(line, scale))


def _curve(line: Line, scale: float) -> tuple[str, str]:
    """The path, with a gap where nothing is known, and its points."""
    width = WIDTH / len(line.values)
    path, dots, is_on = [], [], False
    for index, value in enumerate(line.values):
        if value is not None:
            place = f"{(index + 0.5) * width:.1f} {HEIGHT - value * scale:.1f}"
            path.append(f"{'L' if is_on else 'M'}{place}")
            dots.append(f"M{place}h0")
        is_on = value is not None
    return "".join(path), "".join(dots)


def short(name: str) -> str:
    """As it stands in a legend."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
