"""How the status page says a share: as a figure, a colour of the strip, and in words beside the colour."""

from collections.abc import Sequence

from django import template

from activity.service_status import Hour
from catalog.templatetags.money_tags import uptime

register = template.Library()
GOOD, FAIR = 0.99, 0.9
FEW = "too few to tell"


@register.filter
def share(value: float | None) -> str:
    return "–" if value is None else uptime(value)


@register.filter
def share_words(value: float | None) -> str:
    return FEW if value is None else f"{uptime(value)} answered"


@register.filter
def hour_tone(value: float | None) -> str:
    """``good`` from 99 % on, ``warn`` from 90 %, ``bad`` below; nothing where too few were asked."""
    if value is None:
        return ""
    return "good" if value >= GOOD else "warn" if value >= FAIR else "bad"


@register.filter
def strip_words(hours: Sequence[Hour]) -> str:
    """The strip for who cannot see it: its worst hour, and how many tell nothing."""
    told = [hour for hour in hours if hour.share is not None]
    if not told:
        return FEW
    worst = min(told, key=lambda hour: hour.share or 0.0)
    return f"worst hour {worst.start:%H:%M} UTC: {share_words(worst.share)}; {len(hours) - len(told)} of {len(hours)} hours {FEW}"
