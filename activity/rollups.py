"""Requests added up by the hour, once nothing can be added to the hour any more, and by the day when its last hour has been.

A request is written when its hold is settled, under an id made when it was admitted. So an hour is complete when it ended longer ago
than a call may be on its way to its hold, and no hold with an id in it or before it is open: however late the sweeper comes, the hour
waits. What is not complete yet is read from the requests themselves (``activity.usage``), and the two meet at ``UsageMark``.

Hours are written in order, a transaction each, under a lock on the mark. A second process waits and then finds the work done; a run
that dies has done whole hours only; after an outage, and on a database that has never had rollups, runs go on where the last one ended.

Totals are added up from the rollups of their day, in order and up to a mark of their own: days of a time before there were totals, and of
a process of a version that knows none, are caught up on. Until then they are read from ``UsageDay``.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from activity import sums, times
from activity.models import Request, Rollup, UsageDay, UsageHour, UsageMark, UsageTotal
from activity.sums import Rows
from billing.models import Hold, HoldState
from clod_site.lib import clock, ids

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LENGTHS: dict[type[Rollup], timedelta] = {UsageHour: HOUR, UsageDay: DAY, UsageTotal: DAY}
ADMISSION = timedelta(seconds=120)
RUN_S = 60.0
AT_ONCE = 500
FEW = ("organization_id", "status", "paid_by", "is_stream")
ALL = (*FEW, "project_id", "api_key_id", "model", "requested_model", "provider", "data_center")
DIMENSIONS: dict[type[Rollup], tuple[str, ...]] = {UsageHour: ALL, UsageDay: ALL, UsageTotal: FEW}


def advance(now: datetime, run_s: float = RUN_S) -> int:
    """Write the hours that have become complete, for at most ``run_s`` seconds; how many. The next run does the rest."""
    end, ends_at, done = complete_before(now), clock.monotonic() + run_s, 0
    while clock.monotonic() < ends_at and _write_next(end):
        done += 1
    while clock.monotonic() < ends_at and _write_next_total():
        pass
    return done


def rebuild() -> int:
    """Write all complete hours and days anew, a transaction each, while pages go on reading them; how many. Totals follow the days."""
    done = sum(_rebuild(kind) for kind in (UsageHour, UsageDay))
    while _write_next_total():
        pass
    return done


def mark() -> datetime:
    """Requests before this instant are in rollups, and nowhere else to be looked for."""
    return _mark("complete_before")


def totals_mark() -> datetime:
    """Days before this one are in ``UsageTotal``."""
    return _mark("totals_before")


def _mark(name: str) -> datetime:
    found: datetime | None = UsageMark.objects.filter(pk=UsageMark.THE_ONE).values_list(name, flat=True).first()
    return found or UsageMark.EPOCH


def complete_before(now: datetime) -> datetime:
    """The first hour that something may still be added to."""
    horizon = now - timedelta(seconds=settings.CLOD_UPSTREAM_DEADLINE_S) - ADMISSION
    still_open = Hold.objects.filter(state=HoldState.OPEN, pk__lt=ids.first_at(horizon)).values_list("pk", flat=True)
    return hour_of(min([horizon, *map(ids.instant_of, still_open)]))


def hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def start_of(kind: type[Rollup], instant: datetime) -> datetime:
    """Of the hour or day the instant is in."""
    hour = hour_of(instant)
    return hour if kind is UsageHour else hour.replace(hour=0)


# --- one of them ---------------------------------------------------------------------------------


@transaction.atomic
def _write_next(end: datetime) -> bool:
    """Whether there was an hour to write. Hours without requests are passed over."""
    mark = _locked_mark()
    hour = _next(UsageHour, mark.complete_before, end)
    _move(mark, hour or end)
    if hour is None:
        return False
    _write(UsageHour, hour, hour)
    _move(mark, hour + HOUR)
    return True


def _move(mark: UsageMark, to: datetime) -> None:
    """On, never back. Where it leaves a day, the day is complete; days it passes over have no requests."""
    if to <= mark.complete_before:
        return
    day = start_of(UsageDay, mark.complete_before)
    if start_of(UsageDay, to) > day:
        _write(UsageDay, day, day)
    mark.complete_before = to
    mark.save(update_fields=["complete_before"])


@transaction.atomic
def _write_next_total() -> bool:
    """Whether there was a complete day without its totals."""
    mark = _locked_mark()
    since, end = mark.totals_before, start_of(UsageDay, mark.complete_before)
    day = UsageDay.objects.filter(start__gte=since, start__lt=end).order_by("start").values_list("start", flat=True).first()
    _write(UsageTotal, since, day)
    if (to := day + DAY if day else end) > since:
        _move_totals(mark, to)
    return day is not None


def _move_totals(mark: UsageMark, to: datetime) -> None:
    mark.totals_before = to
    mark.save(update_fields=["totals_before"])


def _rebuild(kind: type[Rollup]) -> int:
    since, done = UsageMark.EPOCH, 0
    while (start := _rewrite_next(kind, since)) is not None:
        since, done = start + LENGTHS[kind], done + 1
    return done


@transaction.atomic
def _rewrite_next(kind: type[Rollup], since: datetime) -> datetime | None:
    """The one that was written; None when there are no more, and then what was there beyond the last one is gone."""
    mark = _locked_mark()
    if kind is UsageDay and mark.totals_before > since:
        _move_totals(mark, since)
    start = _next(kind, since, start_of(kind, mark.complete_before))
    _write(kind, since, start)
    return start


def _write(kind: type[Rollup], since: datetime, start: datetime | None) -> None:
    """Rollups of that hour or day, and of none else since then; None: of none at all."""
    old = kind._default_manager.filter(start__gte=since)
    (old.filter(start__lte=start) if start else old).delete()
    if start:
        _add_up(kind, start)


def _add_up(kind: type[Rollup], start: datetime) -> None:
    rows: Rows = UsageDay.objects.filter(start=start) if kind is UsageTotal else _requests(start, start + LENGTHS[kind])
    groups = rows.order_by().values(*DIMENSIONS[kind]).annotate(**sums.stored(rows))
    kind._default_manager.bulk_create([_rollup(kind, start, group) for group in groups.iterator(AT_ONCE)], batch_size=AT_ONCE)


def _rollup(kind: type[Rollup], start: datetime, group: dict[str, Any]) -> Rollup:
    figures = {name.removeprefix("all_"): value for name, value in group.items()}
    texts = {name: times.write(times.read(figures[name] or "")) for name in sums.TIMES}
    return kind(start=start, **figures | texts)


def _next(kind: type[Rollup], since: datetime, end: datetime) -> datetime | None:
    """The hour or day of the first request of that time."""
    request_id: UUID | None = _requests(since, end).order_by("id").values_list("id", flat=True).first()
    return start_of(kind, ids.instant_of(request_id)) if request_id else None


def _requests(since: datetime, end: datetime) -> QuerySet[Request]:
    return Request.objects.filter(id__gte=ids.first_at(since), id__lt=ids.first_at(end))


def _locked_mark() -> UsageMark:
    UsageMark.objects.get_or_create(pk=UsageMark.THE_ONE)
    return UsageMark.objects.select_for_update().get(pk=UsageMark.THE_ONE)
