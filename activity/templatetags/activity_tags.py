"""What pages of other apps show of the request log."""

from django import template

from activity import key_use
from activity.models import Request
from clod_site.lib import ids
from projects.models import ApiKey

register = template.Library()


@register.simple_tag
def newest_request(api_key: ApiKey) -> Request | None:
    """The key's newest request, or None before its first."""
    return key_use.newest_request_of(api_key)


@register.filter
def model_for_studio(request: Request) -> str:
    """What Studio opens it with: the model that answered, with the strategy it was asked for with; the strategy alone where it chose."""
    name, *tags = request.requested_model.split("@")
    return "@".join([request.model if name.strip() or not tags else "", *tags])


@register.filter
def energy(microwatthours: int) -> str:
    """Energy in three digits: 84.1 mWh, 2.31 Wh, 12.4 kWh."""
    for size, unit in ((10**9, "kWh"), (10**6, "Wh"), (10**3, "mWh")):
        if microwatthours >= size:
            return f"{float(f'{microwatthours / size:.3g}'):g} {unit}"
    return f"{microwatthours} µWh"


@register.filter
def request_address(request: Request) -> str:
    return f"/activity/{ids.public('req', request.pk)}"
