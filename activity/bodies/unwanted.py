"""What a project says about bodies that are stored already: how many there are, and that they are to go sooner."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q

from activity.bodies import retention
from activity.models import Body
from clod_site.lib import clock
from projects.encryption import stored
from projects.encryption.stored import Stored
from projects.models import Project


def count(project_id: UUID) -> Stored:
    """Of the newest ``stored.MOST``."""
    newest = Body.objects.filter(project_id=project_id).order_by("-id")[: stored.MOST]
    return Stored(**newest.aggregate(total=Count("pk"), plain=Count("pk", filter=Q(is_sealed=False))))


def on_unwanted(project: Project, days: int, **_: Any) -> None:
    """Those older than ``days`` are deleted, the others when they are that old; 0 days deletes all.

    All are dated first, at once: should deleting many be cut short, the next pruning goes on with it.
    """
    now, bodies = clock.now(), Body.objects.filter(project=project)
    lasting = timedelta(days=days)
    if days:
        bodies.filter(delete_at__gt=F("created_at") + lasting).update(delete_at=F("created_at") + lasting)
    else:
        bodies.filter(delete_at__gt=now).update(delete_at=now)
    retention.delete(bodies.filter(delete_at__lte=now))
