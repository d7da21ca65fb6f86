"""Requests added up by the hour, once nothing can be added to the hour any more.

A request is written when its hold is settled, under an id made when it was admitted. So an hour is complete when it ended longer ago
than a call may be on its way to its hold, and no hold with an id in it or before it is open: however late the sweeper comes, the hour
waits. What is not complete yet is read from the requests themselves (``activity.usage``), and the two meet at ``UsageMark``.

Hours are written in order, a transaction each, under a lock on the mark. A second process waits and then finds the work done; a run
that dies has done whole hours only; after an outage, and on a database that has never had rollups, runs go on where the last one ended.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from activity import sums, times
from activity.models import Request, UsageHour, UsageMark
from billing.models import Hold, HoldState
from clod_site.lib import clock, ids

HOUR = timedelta(hours=1)
ADMISSION = timedelta(seconds=120)
RUN_S = 60.0
AT_ONCE = 500
DIMENSIONS = (
    "organization_id", "project_id", "api_key_id", "model", "requested_model",
    "provider", "data_center", "status", "paid_by", "is_stream",
)  # fmt: skip


def advance(now: datetime, run_s: float = RUN_S) -> int:
    """Write the hours that have become complete, for at most ``run_s`` seconds; how many. The next run does the rest."""
    end, ends_at, done = complete_before(now), clock.monotonic() + run_s, 0
    while clock.monotonic() < ends_at and _write_next(end):
        done += 1
    return done


def rebuild() -> int:
    """Write all complete hours anew, a transaction each, while pages go on reading them; how many."""
    since, done = UsageMark.EPOCH, 0
    while (hour := _rewrite_next(since)) is not None:
        since, done = hour + HOUR, done + 1
    return done


def mark() -> datetime:
    """Requests before this instant are in rollups, and nowhere else to be looked for."""
    found = UsageMark.objects.filter(pk=UsageMark.THE_ONE).values_list("complete_before", flat=True).first()
    return found or UsageMark.EPOCH


def complete_before(now: datetime) -> datetime:
    """The first hour that something may still be added to."""
    horizon = now - timedelta(seconds=settings.CLOD_UPSTREAM_DEADLINE_S) - ADMISSION
    still_open = Hold.objects.filter(state=HoldState.OPEN, pk__lt=ids.first_at(horizon)).values_list("pk", flat=True)
    return hour_of(min([horizon, *map(ids.instant_of, still_open)]))


def hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


# --- one hour ------------------------------------------------------------------------------------


@transaction.atomic
def _write_next(end: datetime) -> bool:
    """Whether there was an hour to write. Hours without requests are passed over."""
    mark = _locked_mark()
    hour = _next_hour(mark.complete_before, end)
    if hour is None:
        _move(mark, end)
        return False
    _write(mark.complete_before, hour)
    _move(mark, hour + HOUR)
    return True


@transaction.atomic
def _rewrite_next(since: datetime) -> datetime | None:
    """The hour that was written; None when there are no more, and then what was there beyond the last one is gone."""
    hour = _next_hour(since, _locked_mark().complete_before)
    if hour is None:
        UsageHour.objects.filter(hour__gte=since).delete()
        return None
    _write(since, hour)
    return hour


def _write(since: datetime, hour: datetime) -> None:
    """Rollups of the hour, and of no other since then."""
    UsageHour.objects.filter(hour__gte=since, hour__lte=hour).delete()
    rows = Request.objects.filter(id__gte=ids.first_at(hour), id__lt=ids.first_at(hour + HOUR)).order_by()
    groups = rows.values(*DIMENSIONS).annotate(**sums.stored(rows))
    UsageHour.objects.bulk_create([_rollup(hour, group) for group in groups.iterator(AT_ONCE)], batch_size=AT_ONCE)


def _rollup(hour: datetime, group: dict[str, Any]) -> UsageHour:
    figures = {name.removeprefix("all_"): value for name, value in group.items()}
    texts = {name: times.write(times.read(figures[name] or "")) for name in sums.TIMES}
    return UsageHour(hour=hour, **figures | texts)


def _next_hour(since: datetime, end: datetime) -> datetime | None:
    later = Request.objects.filter(id__gte=ids.first_at(since), id__lt=ids.first_at(end)).order_by("id")
    request_id: UUID | None = later.values_list("id", flat=True).first()
    return hour_of(ids.instant_of(request_id)) if request_id else None


def _locked_mark() -> UsageMark:
    UsageMark.objects.get_or_create(pk=UsageMark.THE_ONE)
    return UsageMark.objects.select_for_update().get(pk=UsageMark.THE_ONE)


def _move(mark: UsageMark, to: datetime) -> None:
    if to > mark.complete_before:
        UsageMark.objects.filter(pk=mark.pk).update(complete_before=to)
