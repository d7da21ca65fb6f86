"""Which of the page's colours a line of the chart has, by the name of its custom property (static/css/tokens.css, activity.css)."""

from activity.chart import Chart, Line

_STATUS = {
    "ok": "accent",
    "client_closed": "text-faint",
    "truncated": "warn",
    "upstream_error": "bad",
    "rejected": "series-4",
    "expired": "series-6",
}
_PERCENTILES = {"p50": "text-faint", "p95": "accent", "p99": "warn"}
_OTHER = "line-strong"


def of(chart: Chart) -> list[str]:
    """One for each line, in their order."""
    return [_ink(chart, line, number) for number, line in enumerate(chart.lines)]


def _ink(chart: Chart, line: Line, number: int) -> str:
    if not chart.wanted.by:
        errors = chart.wanted.metric == "errors"
        return _PERCENTILES.get(line.name) or ("bad" if errors else "accent" if number == len(chart.lines) - 1 else "text-faint")
    if chart.wanted.by == "status":
        return _STATUS.get(str(line.key), _OTHER)
    is_rest = line.key is None and not (chart.wanted.by == "key" and line.name == "Studio")
    return _OTHER if is_rest else f"series-{number + 1}"
