"""Pages of the log, newest first, for any filter, however rare what it asks for is.

Rollups know which hours hold what is looked for, so the requests themselves are read of those hours only: a filter that matches
fifty of a million requests does not read the million, and needs no index of its own.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, Sum

from activity import narrowing, queries, rollups
from activity.filters import Filter, Span
from activity.models import Rollup, UsageDay, UsageHour, UsageTotal
from activity.queries import PAGE, Page
from clod_site.lib import ids


def page(organization_id: UUID, wanted: Filter, span: Span, mark: datetime, cursor: str, limit: int = PAGE) -> Page:
    """Requests older than the cursor's; a malformed cursor starts at the newest."""
    rows = narrowing.narrow(narrowing.within(queries.of(organization_id), span), wanted)
    before = ids.parse_public("req", cursor)
    if wanted.is_narrowed and not wanted.request_id:
        rows = rows.filter(_where(organization_id, wanted, span, mark, before, limit))
    return queries.page(rows, cursor, limit)


def _where(organization_id: UUID, wanted: Filter, span: Span, mark: datetime, before: UUID | None, limit: int) -> Q:
    """The hours to look into: those that are not complete, and of the others as many as hold a page and one."""
    is_newest = before is None or before > ids.first_at(mark)
    where = Q(id__gte=ids.first_at(mark)) if is_newest else Q()
    end = mark if is_newest or before is None else min(mark, ids.instant_of(before) + timedelta(milliseconds=1))
    for first, last in _runs(_hours(organization_id, wanted, Span(span.start, min(end, span.end)), mark, limit + 1), rollups.HOUR):
        where |= Q(id__gte=ids.first_at(first), id__lt=ids.first_at(last))
    return where or Q(pk__in=[])


def _hours(organization_id: UUID, wanted: Filter, span: Span, mark: datetime, need: int) -> list[datetime]:
    """Newest first. Days are asked first, of which there are fewer, and hours of those days only; the mark's own day has only hours."""
    today = rollups.start_of(UsageDay, mark)
    has_totals = not narrowing.asks_for_details(wanted) and rollups.totals_mark() >= today
    days = UsageTotal if has_totals else UsageDay
    where = Q(start__gte=today)
    for first, last in _runs(_full(days, organization_id, wanted, span, Q(start__lt=today), need), rollups.DAY):
        where |= Q(start__gte=first, start__lt=last)
    return _full(UsageHour, organization_id, wanted, span, where, need)


def _full(kind: type[Rollup], organization_id: UUID, wanted: Filter, span: Span, where: Q, need: int) -> list[datetime]:
    """The newest that hold so many. The ones a span begins and ends in are not counted: parts of them are not in it."""
    rows = kind._default_manager.filter(where, organization_id=organization_id, start__lt=span.end)
    rows = rows.filter(start__gte=rollups.start_of(kind, span.start)) if span.start else rows
    found: list[datetime] = []
    for start, count in narrowing.narrow(rows, wanted).values_list("start").annotate(Sum("requests")).order_by("-start"):
        if need <= 0:
            break
        found.append(start)
        is_part = (span.start and start < span.start) or start + rollups.LENGTHS[kind] > span.end
        need -= 0 if is_part else count
    return found


def _runs(starts: list[datetime], length: timedelta) -> list[tuple[datetime, datetime]]:
    """From and to of those that follow each other, newest first."""
    runs: list[tuple[datetime, datetime]] = []
    for start in starts:
        if runs and runs[-1][0] == start + length:
            runs[-1] = (start, runs[-1][1])
        else:
            runs.append((start, start + length))
    return runs
