"""Which columns the table of requests shows, remembered in a cookie: the first paint is already right."""

from collections.abc import Mapping
from dataclasses import dataclass

COOKIE = "clod_hidden_columns"
LABELS = {
    "status": "Status",
    "tokens": "Tokens",
    "ttft": "Time to first token",
    "latency": "Latency",
    "cost": "Cost",
    "paid": "Paid by",
    "site": "Data center",
    "tick": "Price tick",
    "project": "Project",
    "key": "Key",
}
HIDDEN_AT_FIRST = ("project",)


@dataclass(frozen=True)
class Column:
    name: str
    label: str
    is_hidden: bool


def hidden(cookies: Mapping[str, str]) -> list[str]:
    """Names a dot apart, as ``activity-columns.js`` writes them; what is no column is passed over. Time and model always show."""
    chosen = cookies[COOKIE].split(".") if COOKIE in cookies else HIDDEN_AT_FIRST
    return [name for name in LABELS if name in chosen]


def choice(names: list[str]) -> list[Column]:
    return [Column(name, label, name in names) for name, label in LABELS.items()]
