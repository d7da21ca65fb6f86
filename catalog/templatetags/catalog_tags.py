"""Small live pieces of the catalog for the frame around every page."""

from typing import Any

from django import template

from catalog import grid
from catalog.charts import FEED_LABELS
from clod_site.lib import clock

register = template.Library()
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 96, 22, 2


@register.inclusion_tag("catalog/_grid_pulse.html")
def grid_pulse() -> dict[str, Any]:
    """The data center with the cheapest electricity right now; nothing before the first price."""
    sites = grid.sites_now(clock.now())
    return {"site": sites[0] if sites and sites[0].price else None}


@register.filter
def feed_label(source: str) -> str:
    """Where an electricity price comes from, in words; prices without a market interval are estimates."""
    return FEED_LABELS.get(source, f"{source} feed") if source else "estimate"


@register.inclusion_tag("catalog/_spark.html")
def spark(points: list[int], base: int, label: str) -> dict[str, Any]:
    """A sparkline as server-made SVG; the dashed line is ``base``. Fewer than two points draw nothing."""
    if len(points) < 2:
        return {}
    low, high = min(*points, base), max(*points, base)
    scale = (SPARK_HEIGHT - 2 * SPARK_MARGIN) / ((high - low) or 1)
    step = SPARK_WIDTH / (len(points) - 1)
    line = " ".join(f"{index * step:.1f},{SPARK_HEIGHT - SPARK_MARGIN - (point - low) * scale:.1f}" for index, point in enumerate(points))
    base_y = f"{SPARK_HEIGHT - SPARK_MARGIN - (base - low) * scale:.1f}"
    return {"line": line, "base_y": base_y, "label": label, "width": SPARK_WIDTH, "height": SPARK_HEIGHT}
