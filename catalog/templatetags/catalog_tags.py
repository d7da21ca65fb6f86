"""Small live pieces of the catalog for the frame around every page."""

from typing import Any

from django import template

from catalog import destination
from catalog.energy.feeds import live
from catalog.models import DataCenter
from catalog.pages import performance

register = template.Library()
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 96, 22, 2


@register.inclusion_tag("catalog/_grid_pulse.html")
def grid_pulse() -> dict[str, Any]:
    """The data center requests go to right now, with its electricity; nothing before the first price."""
    going = destination.now()
    return {"site": going.site if going else None}


@register.simple_tag
def site_names() -> dict[str, str]:
    """Names of data centers by slug, for ``named``: one query for a whole page."""
    return dict(DataCenter.objects.values_list("slug", "name"))


@register.simple_tag
def data_centers() -> list[DataCenter]:
    """Those in service, by name, with what is assumed about them."""
    return list(DataCenter.objects.filter(active=True).order_by("name"))


@register.filter
def named(slug: str, names: dict[str, str]) -> str:
    """The name of a data center; a slug that is no longer in the catalog stands for itself."""
    return names.get(slug, slug)


@register.filter
def feed_label(source: str) -> str:
    """Where an electricity price comes from, in words; prices without a market interval are estimates."""
    return live.LABELS.get(source, f"{source} feed") if source else "estimate"


@register.simple_tag
def performance_lately() -> performance.Measured:
    """``{% performance_lately as lately %}``, then ``{% with measured=lately|of:endpoint.pk %}`` or a model's slug."""
    return performance.lately()


@register.filter
def of(measured: performance.Measured, key: int | str) -> performance.Performance:
    return measured.get(key, performance.NOT_MEASURED)


@register.inclusion_tag("catalog/_spark.html")
def spark(points: list[int], base: int, label: str) -> dict[str, Any]:
    """A sparkline as server-made SVG; the dashed line is ``base``. Fewer than two points draw nothing."""
    return _sparkline(points, base, label)


@register.inclusion_tag("admin/_spark.html")
def admin_spark(points: list[int], label: str) -> dict[str, Any]:
    """The same in the admin, whose pages do not have our styles; it stands on zero, and takes the colour of its text."""
    return _sparkline(points, 0, label)


def _sparkline(points: list[int], base: int, label: str) -> dict[str, Any]:
    if len(points) < 2:
        return {}
    low, high = min(*points, base), max(*points, base)
    scale = (SPARK_HEIGHT - 2 * SPARK_MARGIN) / ((high - low) or 1)
    step = SPARK_WIDTH / (len(points) - 1)
    line = " ".join(f"{index * step:.1f},{SPARK_HEIGHT - SPARK_MARGIN - (point - low) * scale:.1f}" for index, point in enumerate(points))
    base_y = f"{SPARK_HEIGHT - SPARK_MARGIN - (base - low) * scale:.1f}"
    return {"line": line, "base_y": base_y, "label": label, "width": SPARK_WIDTH, "height": SPARK_HEIGHT}
