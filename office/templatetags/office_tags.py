"""Tiles of the admin's front page, and how its numbers read."""

from datetime import UTC, datetime
from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("admin/_tile.html")
def tile(label: str, value: Any, address: str, *notes: Any) -> dict[str, Any]:
    """A number that leads to its rows; notes are words that stand under it."""
    return {"label": label, "value": value, "address": address, "note": " ".join(str(note) for note in notes if note)}


@register.filter
def rate(per_second: float) -> str:
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2f}"


@register.filter
def seconds(count: int) -> str:
    """Words for an age."""
    return f"{count:,} s" if count < 600 else f"{count // 60:,} min"


@register.filter
def utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%d %b %H:%M} UTC"
