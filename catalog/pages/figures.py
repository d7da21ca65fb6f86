"""A price history drawn: the Plotly figure of ``catalog.pages.charts.price_history``, as plain dicts.

``meta.role`` of each trace is ``site``, ``list``, ``average``, ``routed``, ``moved`` or ``model``, for a page that colours them by
theme. Instants are ``x0`` (UTC) and ``dx`` (milliseconds): a page shifts ``x0`` to show its reader's zone. ``sentence`` says
in words what the reader sees.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from catalog.pages.course_words import sentence
from catalog.pages.spans import PRICE, UNITS

ROUTED_COLOUR, QUIET_COLOUR = "#5a9e00", "#8a93a0"
USD_PER_MTOK, USD_PER_MWH, PERCENT = "%{y:$.4~r}", "%{y:$.2f}", "%{y:+.1~f} %"
AGAINST_LIST = "Percent of list price, above or below it"
MANY = 12  # moves, from which on their marks are small, or they would hide the line
Values = Sequence[float | None]
Trace = dict[str, Any]


def plotly_figure(history: Mapping[str, Any], show: str = PRICE) -> dict[str, Any]:
    """Sites faint, the routed line strong with a mark wherever it changes its site; beside it the list price, or the average site."""
    is_price, axis = show == PRICE, _axis(history)
    key, shape = ("price", USD_PER_MTOK) if is_price else ("electricity", USD_PER_MWH)
    beside = _list_trace(history, axis) if is_price else _average_trace(history, axis)
    routed = history["routed"]["price"] if is_price else _routed_electricity(history)
    sites = _site_traces(history, axis, key, shape)
    traces = [*sites, beside, _routed_trace(history, axis, routed, shape), _moves_trace(history, axis, routed)]
    return _figure(traces, "$.4~r" if is_price else "$,.0f") | {"unit": UNITS[show], "sentence": sentence(history, show)}


def against_list(histories: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Several models by name, each routed price in percent of its own list price: 0 is list, −10 is ten percent below."""
    axis = _axis(histories[0][1])
    traces = [_zero_trace(histories[0][1], axis), *(_model_trace(name, each, axis) for name, each in histories)]
    return _figure(traces, "+.0f", "%") | {"unit": AGAINST_LIST, "sentence": ""}


# --- traces --------------------------------------------------------------------------------------


def _axis(history: Mapping[str, Any]) -> Trace:
    return {"x0": history["start"], "dx": history["step_s"] * 1000, "type": "scatter", "mode": "lines"}


def _site_traces(history: Mapping[str, Any], axis: Trace, key: str, shape: str) -> Iterator[Trace]:
    for site in history["sites"]:
        yield axis | {
            "name": site["name"],
            "meta": {"role": "site", "data_center": site["data_center"]},
            "y": site[key],
            "opacity": 0.45,
            "line": {"width": 1, "color": QUIET_COLOUR, "shape": "hv"},
            "hovertemplate": shape,
        }


def _list_trace(history: Mapping[str, Any], axis: Trace) -> Trace:
    return _beside(axis, "List price", "list", history["listed"], "dot", USD_PER_MTOK)


def _average_trace(history: Mapping[str, Any], axis: Trace) -> Trace:
    columns = zip(*(site["electricity"] for site in history["sites"]), strict=True)
    return _beside(axis, "Average data center", "average", [_mean(values) for values in columns], "dash", USD_PER_MWH)


def _zero_trace(history: Mapping[str, Any], axis: Trace) -> Trace:
    return _beside(axis, "List price", "list", [0] * len(history["routed"]["price"]), "dot", "0 %")


def _beside(axis: Trace, name: str, role: str, values: Values, dash: str, shape: str) -> Trace:
    line = {"width": 1.25, "color": QUIET_COLOUR, "dash": dash}
    return axis | {"name": name, "meta": {"role": role}, "y": values, "line": line, "hovertemplate": shape}


def _routed_trace(history: Mapping[str, Any], axis: Trace, values: Values, shape: str) -> Trace:
    return axis | {
        "name": "Routed",
        "meta": {"role": "routed"},
        "y": values,
        "text": _where(history),
        "line": {"width": 2.5, "color": ROUTED_COLOUR, "shape": "hv"},
        "hovertemplate": f"{shape} at %{{text}}",
    }


def _moves_trace(history: Mapping[str, Any], axis: Trace, values: Values) -> Trace:
    """Only the points in which requests moved to another site; the routed line's hover says from where."""
    moved = {_point(history, move["at"]) for move in history["moves"]}
    return axis | {
        "name": "Moved",
        "meta": {"role": "moved"},
        "y": [value if index in moved else None for index, value in enumerate(values)],
        "mode": "markers",
        "marker": {"size": 7 if len(moved) <= MANY else 4, "color": ROUTED_COLOUR},
        "hoverinfo": "skip",
    }


def _model_trace(name: str, history: Mapping[str, Any], axis: Trace) -> Trace:
    pairs = zip(history["routed"]["price"], history["listed"], strict=True)
    values = [round((price / listed - 1) * 100, 2) if price is not None and listed else None for price, listed in pairs]
    line = {"width": 2, "color": QUIET_COLOUR, "shape": "hv"}
    return (
        axis
        | {"name": name, "meta": {"role": "model"}, "y": values, "text": _where(history), "line": line}
        | {"hovertemplate": f"{PERCENT} at %{{text}}"}
    )


# --- values --------------------------------------------------------------------------------------


def _routed_electricity(history: Mapping[str, Any]) -> Values:
    lines = {site["data_center"]: site["electricity"] for site in history["sites"]}
    return [lines[slug][index] if slug else None for index, slug in enumerate(history["routed"]["data_center"])]


def _where(history: Mapping[str, Any]) -> list[str]:
    """The data center of each point by name, and after a move where requests came from."""
    names = {site["data_center"]: site["name"] for site in history["sites"]}
    said = [names.get(slug, "") for slug in history["routed"]["data_center"]]
    for move in history["moves"]:
        said[_point(history, move["at"])] = f"{names[move['to']]}, moved here from {names[move['from']]}"
    return said


def _point(history: Mapping[str, Any], at: str) -> int:
    passed = datetime.fromisoformat(at) - datetime.fromisoformat(history["start"])
    return int(passed.total_seconds()) // int(history["step_s"])


def _mean(values: Values) -> float | None:
    known = [value for value in values if value is not None]
    return float(f"{sum(known) / len(known):.4g}") if known else None


def _figure(traces: list[Trace], tickformat: str, ticksuffix: str = "") -> dict[str, Any]:
    return {"data": [trace | {"showlegend": False} for trace in traces], "layout": _layout(tickformat, ticksuffix)} | {
        "config": {"displayModeBar": False, "responsive": True}
    }


def _layout(tickformat: str, ticksuffix: str) -> dict[str, Any]:
    return {
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#1b1f24", "font": {"color": "#e6e8eb"}},
        "margin": {"l": 56, "r": 8, "t": 8, "b": 40},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Inter, system-ui, sans-serif", "size": 12, "color": QUIET_COLOUR},
        "xaxis": {"type": "date", "showgrid": False},
        "yaxis": {"tickformat": tickformat, "ticksuffix": ticksuffix, "gridcolor": "rgba(138,147,160,0.2)"},
    }
