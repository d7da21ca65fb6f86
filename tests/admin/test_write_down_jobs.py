"""Every run of a background job is written down by the worker that made it."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import shared_task
from celery.schedules import crontab

from clod_site.lib import clock
from clod_site.schedule import BEAT
from office import jobs
from office.models import JobRun

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 27, 12, 0, 30, tzinfo=UTC)


@shared_task(name="tests.count_sheep")
def count_sheep(fails: str = "") -> None:
    if fails:
        raise OSError(f"{fails}\nand more")


def run(fails: str = "") -> JobRun:
    count_sheep.apply((fails,))
    return JobRun.objects.get(name="tests.count_sheep")


def test_a_run_that_went_well() -> None:
    before = clock.now()
    made = run()
    assert (made.runs, made.failures, made.failures_in_a_row, made.has_failed, made.message) == (1, 0, 0, False, "")
    assert before <= made.started_at <= clock.now()


def test_failures_are_counted_and_the_last_one_told_in_a_line() -> None:
    run()
    run("no grass")
    made = run("no fence")
    assert (made.runs, made.failures, made.failures_in_a_row, made.message) == (3, 2, 2, "OSError: no fence")
    well = run()
    assert (well.runs, well.failures, well.failures_in_a_row, well.message) == (4, 2, 0, "")
    assert well.failed_at == made.started_at


@pytest.mark.parametrize(
    ("schedule", "ago", "state"),
    [
        (20.0, timedelta(seconds=25), jobs.OK),
        (20.0, timedelta(minutes=4), jobs.LATE),
        (crontab(minute="*/5"), timedelta(minutes=5), jobs.OK),
        (crontab(minute="*/5"), timedelta(minutes=20), jobs.LATE),
        (crontab(minute=22, hour=4), timedelta(hours=7), jobs.OK),
        (crontab(minute=22, hour=4), timedelta(hours=8), jobs.LATE),
    ],
)
def test_a_job_is_late_when_the_schedule_wanted_it_long_ago(schedule: crontab | float, ago: timedelta, state: str) -> None:
    made = JobRun(name="x", started_at=NOON - ago, duration_ms=1, has_failed=False)
    assert jobs._state(schedule, made, NOON) == state


def test_looking_at_the_health_leaves_beat_s_clock_alone() -> None:
    JobRun.objects.create(name=BEAT["prune-prices"]["task"], started_at=NOON, duration_ms=1, has_failed=False)
    list(jobs.health(NOON))
    assert abs(BEAT["prune-prices"]["schedule"].now() - clock.now()) < timedelta(minutes=1)
