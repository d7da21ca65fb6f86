"""Today's electricity, routed against average, as a chart drawn by the server."""

from typing import Any

from django import template

from catalog.pages import today

register = template.Library()


@register.inclusion_tag("catalog/_today.html")
def today_chart() -> dict[str, Any]:
    return {"today": today.now(), "width": today.WIDTH, "height": today.HEIGHT}
