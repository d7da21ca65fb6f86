"""How far back a list of entries goes: the words of the address, their names, and the time."""

from datetime import timedelta

ALL = "all"
RANGES: dict[str, tuple[str, timedelta | None]] = {
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "90d": ("Last 90 days", timedelta(days=90)),
    ALL: ("All time", None),
}
