"""How fast models answered lately, for the Models pages."""

from django import template

from activity import speeds

register = template.Library()


@register.simple_tag
def speeds_lately() -> speeds.Speeds:
    """``{% speeds_lately as speeds %}``, then ``{% with speed=speeds|speed_of:endpoint.pk %}`` or a model's slug."""
    return speeds.lately()


@register.filter
def speed_of(found: speeds.Speeds, key: int | str) -> speeds.Speed:
    return found.get(key, speeds.NOT_MEASURED)
