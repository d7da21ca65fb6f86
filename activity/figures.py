"""A chart of Activity as a Plotly figure, in plain dicts. Names are what people typed, so they are escaped: Plotly reads HTML in labels."""

from datetime import datetime
from html import escape
from typing import Any

from activity import inks
from activity.chart import Chart, Line
from activity.sketch import short

FORMATS = {"count": ",d", "usd": "$.4~r", "ms": ",d"}
TICKS = {"count": "~s", "usd": "$,~r", "ms": ",d"}


def plotly(chart: Chart) -> dict[str, Any]:
    """``x`` are instants (UTC, ending in Z: the page shows them in its reader's zone) or days, for every trace the same.

    ``meta.ink`` names the custom property a trace is coloured with.
    """
    unit = chart.metric.unit
    return {
        "x": [_text(point) for point in chart.points],
        "data": [_trace(chart, line, ink) for line, ink in zip(chart.lines, inks.of(chart), strict=True)],
        "layout": _layout(unit),
        "unit": chart.steps.unit,
        "is_empty": chart.is_empty,
    }


def label(name: str) -> str:
    """Text Plotly shows as it stands."""
    return escape(short(name), quote=False)


def _text(point: Any) -> str:
    return f"{point:%Y-%m-%dT%H:%M}Z" if isinstance(point, datetime) else str(point)


def _trace(chart: Chart, line: Line, ink: str) -> dict[str, Any]:
    suffix = " ms" if chart.metric.unit == "ms" else ""
    trace: dict[str, Any] = {
        "name": label(line.name),
        "y": line.values,
        "meta": {"ink": f"--{ink}"},
        "hovertemplate": f"%{{y:{FORMATS[chart.metric.unit]}}}{suffix}",
    }
    if chart.metric.is_time:
        return trace | {"type": "scatter", "mode": "lines+markers", "line": {"width": 2}, "marker": {"size": 3}, "connectgaps": False}
    return trace | {"type": "bar"}


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
