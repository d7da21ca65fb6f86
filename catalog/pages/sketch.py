"""The chart before the chart: the lines of a figure as plain SVG, drawn by the server.

It is there with the page's first paint, stays where there is no JavaScript, and makes room for Plotly when that is loaded;
so its frame is the one of ``catalog.pages.figures``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT, POINTS = 1000, 260, 96
MARGIN = 0.06  # of the height, above and below
Values = Sequence[float | None]


@dataclass(frozen=True)
class Sketch:
    """Paths by the role of their line, the strong one last, and the lowest and highest value."""

    paths: list[tuple[str, str]]
    low: float
    high: float

    @property
    def levels(self) -> list[float]:
        """What the words beside it say, from above."""
        return [self.high, (self.high + self.low) / 2, self.low]


def of(traces: Sequence[Mapping[str, Any]]) -> Sketch | None:
    """None before there are two values to draw."""
    lines = [(trace["meta"]["role"], _thin(trace["y"])) for trace in traces if trace["mode"] == "lines"]
    known = [value for _, line in lines for value in line if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    rest = (high - low or high or 1) * MARGIN
    scale = HEIGHT / (high - low + 2 * rest)
    return Sketch([(role, _path(line, high + rest, scale)) for role, line in lines], low, high)


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
