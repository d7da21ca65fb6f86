"""Health of the recurring jobs: how the last run of each went, and whether it came when the schedule says.

Every worker writes its row when a run has ended. A run that is killed in the middle writes nothing, and is found because the next one
is late.
"""

import logging
from collections.abc import Iterator
from copy import copy
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from celery import signals
from celery.schedules import BaseSchedule
from celery.schedules import schedule as every
from django.db import transaction
from django.db.models import F

from clod_site.lib import clock
from clod_site.schedule import BEAT
from office.models import JobRun

log = logging.getLogger("clod.jobs")

GRACE = timedelta(minutes=3)
MOST_RUNNING = 1000
OK, FAILING, LATE, NOT_YET = "ok", "failing", "late", "not yet"

_running: dict[str, tuple[datetime, float]] = {}  # by task id: when it began, on both clocks


class Job(NamedTuple):
    """A line of the schedule: ``state`` is ok, failing, late (no run has ended when one should have) or not yet (none ever has)."""

    name: str
    task: str
    state: str
    run: JobRun | None


def state_of(run: JobRun, now: datetime) -> str:
    """Of a recurring job as ``health`` has it; a job that something else starts is never late."""
    schedule = next((entry["schedule"] for entry in BEAT.values() if entry["task"] == run.name), None)
    if schedule is None:
        return FAILING if run.has_failed else OK
    return _state(schedule, run, now)


def health(now: datetime) -> Iterator[Job]:
    """Every recurring job, in the order of the schedule. One query."""
    runs = {run.name: run for run in JobRun.objects.all()}
    for name, entry in BEAT.items():
        run = runs.get(entry["task"])
        yield Job(name, entry["task"], _state(entry["schedule"], run, now), run)


def _state(schedule: BaseSchedule | float, run: JobRun | None, now: datetime) -> str:
    if run is None:
        return NOT_YET
    if run.has_failed:
        return FAILING
    return LATE if _overdue(schedule, run.started_at, now) > GRACE else OK


def _overdue(schedule: BaseSchedule | float, last: datetime, now: datetime) -> timedelta:
    """How long ago the run after ``last`` should have been; negative while it is still to come."""
    timed = copy(schedule) if isinstance(schedule, BaseSchedule) else every(timedelta(seconds=schedule))
    timed.nowfun = lambda: now  # type: ignore[attr-defined]  # of a copy: beat goes by the other
    remaining: timedelta = timed.remaining_estimate(last)
    return -remaining


# --- what workers tell ---------------------------------------------------------------------------


def listen() -> None:
    signals.task_prerun.connect(_began, dispatch_uid="job began")
    signals.task_postrun.connect(_ended, dispatch_uid="job ended")


def _began(task_id: str = "", **_: Any) -> None:
    if len(_running) > MOST_RUNNING:
        _running.clear()
    _running[task_id] = clock.now(), clock.monotonic()


def _ended(task_id: str = "", task: Any = None, state: str = "", retval: Any = None, **_: Any) -> None:
    """A job is not to fail because nobody could write down that it ran."""
    began = _running.pop(task_id, None)
    if began is None or task is None:
        return
    problem = _told(retval) if state == "FAILURE" else ""
    try:
        _write(task.name, began[0], round((clock.monotonic() - began[1]) * 1000), problem)
    except Exception as error:
        log.warning("the run of %s is not written down: %s", task.name, type(error).__name__)


def _told(error: Any) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:300]


@transaction.atomic
def _write(name: str, began: datetime, duration_ms: int, problem: str) -> None:
    JobRun.objects.get_or_create(name=name, defaults={"started_at": began, "duration_ms": duration_ms, "has_failed": bool(problem)})
    failed: dict[str, Any] = {"failures": F("failures") + 1, "failures_in_a_row": F("failures_in_a_row") + 1, "failed_at": began}
    JobRun.objects.filter(name=name).update(
        started_at=began,
        duration_ms=duration_ms,
        has_failed=bool(problem),
        message=problem,
        runs=F("runs") + 1,
        **(failed if problem else {"failures_in_a_row": 0}),
    )
