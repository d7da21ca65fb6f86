"""The live tail: whether requests have arrived that the newest page of a filter would show. One indexed query while nothing is new.

A request is written when it is settled, under an id made when it was admitted. So news may stand below the newest row: what is compared
is how many requests there are above a floor, which is as old as a call may be, or the last row of a full page if that is newer.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from activity import narrowing, rollups
from activity.filters import Filter
from activity.models import Request
from activity.queries import PAGE, Page
from clod_site.lib import ids


def seen(page: Page, now: datetime) -> str:
    """What a page has, for ``has_news``: the floor's id, and how many requests of the page are above it."""
    floor = ids.first_at(now - timedelta(seconds=settings.CLOD_UPSTREAM_DEADLINE_S) - rollups.ADMISSION)
    if page.next_cursor:
        floor = max(floor, page.rows[-1].id)
    return f"{ids.public('req', floor)}.{_above(floor, page.rows)}"


def has_news(organization_id: UUID, wanted: Filter, seen: str) -> bool:
    """True also for what is no ``seen``, so that a page without one is told everything."""
    text, _, count = seen.partition(".")
    floor = ids.parse_public("req", text)
    if floor is None:
        return True
    rows = narrowing.narrow(Request.objects.filter(organization_id=organization_id, id__gt=floor), wanted)
    return str(rows.order_by("-id").values("pk")[: PAGE + 1].count()) != count


def _above(floor: UUID, rows: Sequence[Request]) -> int:
    return sum(row.id > floor for row in rows)
