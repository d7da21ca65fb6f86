"""The design system's tags: what a template cannot say with markup and an include alone."""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from accounts import undo

register = template.Library()


@register.inclusion_tag("components/nav_link.html", takes_context=True)
def nav_link(context: dict[str, Any], address: str, label: str, icon: str) -> dict[str, Any]:
    """A link of the rail or the dock, marked as current on its page and on the pages below it."""
    path = getattr(context.get("request"), "path", "")
    return {"address": address, "label": label, "icon": icon, "is_current": path == address or path.startswith(f"{address}/")}


@register.inclusion_tag("components/tab.html", takes_context=True)
def tab(context: dict[str, Any], address: str, label: str) -> dict[str, Any]:
    """A tab that is a page of its own; it is the current one when the addresses are equal."""
    return {"address": address, "label": label, "is_current": getattr(context.get("request"), "path", "") == address}


@register.inclusion_tag("components/code.html")
def code_block(text: str, language: str = "text", label: str = "Code") -> dict[str, Any]:
    """Highlighted code with a copy button. ``language`` is a Pygments name: bash, python, javascript, json, text."""
    lexer = get_lexer_by_name(language, stripnl=True)
    return {"text": text.strip("\n"), "label": label, "html": mark_safe(highlight(text, lexer, HtmlFormatter(nowrap=True)).rstrip())}  # noqa: S308 – Pygments escapes the text


@register.filter
def when(instant: datetime | None, never: str = "—") -> str | SafeString:
    """An instant as people read it: exact in UTC without JavaScript, relative in the viewer's zone with it."""
    if instant is None:
        return never
    utc = instant.astimezone(UTC)
    return format_html('<time datetime="{}" data-relative>{} UTC</time>', utc.isoformat(timespec="seconds"), f"{utc:%d %b %Y %H:%M}")


@register.filter
def undo_address(message: Any) -> str:
    """Where a message's deed is taken back; empty when it cannot be."""
    return undo.address_of(message.extra_tags or "")


@register.filter
def percent_of(part: int, whole: int) -> int:
    """``part`` of ``whole`` in percent, from 0 to 100; nothing of nothing is 0."""
    return max(0, min(100, round(100 * part / whole))) if whole else 0


@register.filter
def tone(percent: int) -> str:
    """How worried a meter looks: nothing until 80 %, amber from there, red at 100 %."""
    return "bad" if percent >= 100 else "warn" if percent >= 80 else ""
