"""Events are kept for 30 days, and then gone with their deliveries."""

from datetime import datetime, timedelta

from clod_site.lib import ids
from webhooks.models import Event

KEPT = timedelta(days=30)
AT_ONCE = 500


def forget(now: datetime) -> int:
    """How many were old enough."""
    forgotten = 0
    while old := list(Event.objects.filter(pk__lt=ids.first_at(now - KEPT)).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        Event.objects.filter(pk__in=old).delete()
        forgotten += len(old)
    return forgotten
