"""When API keys were last used, told from their requests.

A job beside the money path and not a write in every settlement: the ledger locks key rows to see revocations, and a
busy key would make each of its calls wait for the one before.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from activity.models import Request
from clod_site.lib import ids
from projects.models import ApiKey


def mark(now: datetime) -> int:
    """Bring ``last_used_at`` up to date; how many keys have changed. Looks back as far as a call may have been running."""
    since = now - timedelta(seconds=settings.CLOD_UPSTREAM_DEADLINE_S + 120)
    used = Request.objects.filter(id__gte=ids.first_at(since), api_key__isnull=False).values_list("api_key").annotate(Max("created_at"))
    return sum(
        ApiKey.objects.filter(pk=api_key_id).exclude(last_used_at__gte=instant).update(last_used_at=instant)
        for api_key_id, instant in used.order_by("api_key")
    )


def newest_request_of(api_key: ApiKey) -> Request | None:
    return Request.objects.filter(api_key=api_key).order_by("-id").first()
