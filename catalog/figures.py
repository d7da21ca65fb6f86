"""A price history drawn: the Plotly figure of ``catalog.charts.price_history``, as plain dicts."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

ROUTED_COLOUR, SITE_COLOUR, LIST_COLOUR = "#5a9e00", "#8a93a0", "#8a93a0"


def plotly_figure(history: Mapping[str, Any]) -> dict[str, Any]:
    """A Plotly figure: sites faint, list price dotted, the routed price strong, a mark wherever it changes its site.

    ``meta.role`` of each trace is ``site``, ``list`` or ``routed``, for a page that colours them by theme. Instants are
    ``x0`` (UTC) and ``dx`` (milliseconds): a page shifts ``x0`` to show its reader's zone.
    """
    axis = {"x0": history["start"], "dx": history["step_s"] * 1000, "type": "scatter"}
    return {
        "data": [*_site_traces(history, axis), _list_trace(history, axis), _routed_trace(history, axis), _moves_trace(history, axis)],
        "layout": _layout(),
        "config": {"displayModeBar": False, "responsive": True},
    }


def _site_traces(history: Mapping[str, Any], axis: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for site in history["sites"]:
        yield axis | {
            "name": site["name"],
            "meta": {"role": "site", "data_center": site["data_center"]},
            "y": site["price"],
            "mode": "lines",
            "opacity": 0.45,
            "showlegend": False,
            "line": {"width": 1, "color": SITE_COLOUR, "shape": "hv"},
            "hovertemplate": "%{y:$.4~r}",
        }


def _list_trace(history: Mapping[str, Any], axis: dict[str, Any]) -> dict[str, Any]:
    return axis | {
        "name": "List price",
        "meta": {"role": "list"},
        "y": [history["list"]["output"]] * len(history["routed"]["price"]),
        "mode": "lines",
        "line": {"width": 1, "color": LIST_COLOUR, "dash": "dot"},
        "hovertemplate": "%{y:$.4~r}",
    }


def _routed_trace(history: Mapping[str, Any], axis: dict[str, Any]) -> dict[str, Any]:
    return axis | {
        "name": "Routed price",
        "meta": {"role": "routed"},
        "y": history["routed"]["price"],
        "text": _routed_names(history),
        "mode": "lines",
        "line": {"width": 2.5, "color": ROUTED_COLOUR, "shape": "hv"},
        "hovertemplate": "%{y:$.4~r} at %{text}",
    }


def _moves_trace(history: Mapping[str, Any], axis: dict[str, Any]) -> dict[str, Any]:
    """Only the points at which requests moved to another site."""
    sites = history["routed"]["data_center"]
    moved = [False, *(before != after and None not in (before, after) for before, after in pairwise(sites))]
    return axis | {
        "name": "Moved",
        "meta": {"role": "moved"},
        "y": [price if has_moved else None for price, has_moved in zip(history["routed"]["price"], moved, strict=True)],
        "mode": "markers",
        "marker": {"size": 7, "color": ROUTED_COLOUR},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _routed_names(history: Mapping[str, Any]) -> list[str]:
    names = {site["data_center"]: site["name"] for site in history["sites"]}
    return [names.get(slug, "") for slug in history["routed"]["data_center"]]


def _layout() -> dict[str, Any]:
    return {
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": "#1b1f24", "font": {"color": "#e6e8eb"}},
        "margin": {"l": 56, "r": 8, "t": 8, "b": 32},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Inter, system-ui, sans-serif", "size": 12, "color": SITE_COLOUR},
        "legend": {"orientation": "h", "y": -0.15},
        "xaxis": {"type": "date", "showgrid": False},
        "yaxis": {
            "title": {"text": "$ per million answered tokens"},
            "automargin": True,
            "tickformat": "$.4~r",
            "gridcolor": "rgba(138,147,160,0.2)",
        },
    }
