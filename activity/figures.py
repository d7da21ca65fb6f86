"""A chart of Activity as a Plotly figure, in plain dicts. Names are what people typed, so they are escaped: Plotly reads HTML in labels."""

from datetime import datetime
from html import escape
from typing import Any

from activity.chart import Chart, Line

LONGEST_NAME = 40
STATUS_INKS = {
    "ok": "--accent",
    "client_closed": "--text-faint",
    "truncated": "--warn",
    "upstream_error": "--bad",
    "rejected": "--series-4",
    "expired": "--series-6",
}
PERCENTILE_INKS = {"p50": "--text-faint", "p95": "--accent", "p99": "--warn"}
FORMATS = {"count": ",d", "usd": "$.4~r", "ms": ",d"}
TICKS = {"count": "~s", "usd": "$~s", "ms": ",d"}
OTHER_INK = "--line-strong"


def plotly(chart: Chart) -> dict[str, Any]:
    """``x`` are instants (UTC, ending in Z: the page shows them in its reader's zone) or days, for every trace the same.

    ``meta.ink`` names the custom property a trace is coloured with.
    """
    unit = chart.metric.unit
    return {
        "x": [_text(point) for point in chart.points],
        "data": [_trace(chart, line, number) for number, line in enumerate(chart.lines)],
        "layout": _layout(unit),
        "unit": chart.steps.unit,
        "is_empty": chart.is_empty,
    }


def label(name: str) -> str:
    """Text Plotly shows as it stands."""
    return escape(name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…", quote=False)


def _text(point: Any) -> str:
    return f"{point:%Y-%m-%dT%H:%M}Z" if isinstance(point, datetime) else str(point)


def _trace(chart: Chart, line: Line, number: int) -> dict[str, Any]:
    suffix = " ms" if chart.metric.unit == "ms" else ""
    trace: dict[str, Any] = {
        "name": label(line.name),
        "y": line.values,
        "meta": {"ink": _ink(chart, line, number)},
        "hovertemplate": f"%{{y:{FORMATS[chart.metric.unit]}}}{suffix}",
    }
    if chart.metric.is_time:
        return trace | {"type": "scatter", "mode": "lines+markers", "line": {"width": 2}, "marker": {"size": 3}, "connectgaps": False}
    return trace | {"type": "bar"}


def _ink(chart: Chart, line: Line, number: int) -> str:
    if not chart.wanted.by:
        errors = chart.wanted.metric == "errors"
        return PERCENTILE_INKS.get(line.name) or ("--bad" if errors else "--accent" if number == len(chart.lines) - 1 else "--text-faint")
    if chart.wanted.by == "status":
        return STATUS_INKS.get(str(line.key), OTHER_INK)
    is_rest = line.key is None and not (chart.wanted.by == "key" and line.name == "Studio")
    return OTHER_INK if is_rest else f"--series-{number + 1}"


def _layout(unit: str) -> dict[str, Any]:
    return {
        "barmode": "stack",
        "bargap": 0.25,
        "hovermode": "x unified",
        "showlegend": True,
        "margin": {"l": 56, "r": 8, "t": 8, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "x": 0, "y": -0.16, "yanchor": "top"},
        "xaxis": {"type": "date", "showgrid": False},
        "yaxis": {"rangemode": "tozero", "automargin": True, "tickformat": TICKS[unit], "ticksuffix": " ms" if unit == "ms" else ""},
    }
