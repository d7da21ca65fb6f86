"""Bodies whose days are over, and those of an organization that closes, are deleted for good."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.models import Organization
from activity.models import Body

AT_ONCE = 500


def prune(now: datetime) -> int:
    """Delete what is due; how many there were."""
    return delete(Body.objects.filter(delete_at__lte=now))


def on_close(organization: Organization, **_: Any) -> None:
    delete(Body.objects.filter(organization=organization))


def delete(bodies: QuerySet[Body]) -> int:
    """A few hundred at a time, so that nobody waits for a long transaction. How many there were."""
    deleted = 0
    while ids := list(bodies.values_list("pk", flat=True)[:AT_ONCE]):
        deleted += Body.objects.filter(pk__in=ids).delete()[0]
    return deleted
