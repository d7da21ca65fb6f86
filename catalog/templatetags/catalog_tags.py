"""Small live pieces of the catalog for the frame around every page."""

from typing import Any

from django import template

from catalog import grid
from clod_site.lib import clock

register = template.Library()


@register.inclusion_tag("catalog/_grid_pulse.html")
def grid_pulse() -> dict[str, Any]:
    """The data center with the cheapest electricity right now; nothing before the first price."""
    sites = grid.sites_now(clock.now())
    return {"site": sites[0] if sites and sites[0].price else None}
