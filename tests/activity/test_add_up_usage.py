"""Rollups: the same sums as the requests themselves, whatever arrives late, whoever runs the job, however often."""

import random
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from activity import rollups, sums, times
from activity.models import Request, Rollup, Status, UsageDay, UsageHour, UsageMark, UsageTotal
from billing.models import Hold, HoldState
from catalog import tallies
from catalog.models import PriceTick
from clod_site.lib import clock, ids
from projects import keys
from projects.models import ApiKey, Project
from tests.activity import log

HOUR = timedelta(hours=1)
SUMMED = ("prompt_tokens", "completion_tokens", "cost_nanousd", "list_cost_nanousd", "fee_nanousd", *sums.ELECTRIC)


@pytest.fixture(autouse=True)
def no_hour_becomes_complete_between_two_lines(time_machine: Any) -> None:
    time_machine.move_to(datetime(2026, 11, 28, 12, 34, tzinfo=UTC))


def random_calls(project: Project, count: int, seed: int = 1, span: timedelta = 70 * HOUR) -> None:
    dice = random.Random(seed)
    api_key, _ = keys.generate(project, name=f"n8n {seed}", actor=project.organization.members.get())
    tick = log.tick()
    Request.objects.bulk_create(_random_call(project, api_key, dice, tick, span) for _ in range(count))


def _random_call(project: Project, api_key: ApiKey, dice: random.Random, tick: PriceTick, span: timedelta) -> Request:
    is_hosted = dice.random() < 0.5
    return log.row(
        project,
        dice.uniform(0, 1) * span,
        price_tick=tick,
        api_key=dice.choice([api_key, None]),
        model=dice.choice(["llama", "qwen"]),
        status=dice.choice(list(Status)),
        paid_by=dice.choice(["wallet", "free"]),
        is_stream=dice.random() < 0.5,
        prompt_tokens=dice.randrange(5000),
        completion_tokens=dice.randrange(5000),
        cost_nanousd=dice.randrange(10**9),
        ttft_ms=dice.choice([None, 0, dice.randrange(1, 90_000)]),
        latency_ms=dice.randrange(600_000),
        energy_uwh=5 if is_hosted else None,
        electricity_picousd=dice.randrange(99) if is_hosted else None,
        electricity_average_picousd=dice.randrange(99) if is_hosted else None,
    )


def assert_rollups_are_the_requests(end: datetime) -> None:
    """Group by group, in plain Python."""
    assert (rollups.mark(), rollups.totals_mark()) == (end, rollups.start_of(UsageTotal, end))
    for kind in rollups.LENGTHS:
        _assert_are_the_requests(kind, rollups.start_of(kind, end))


def _assert_are_the_requests(kind: type[Rollup], end: datetime) -> None:
    expected: dict[Any, Counter[str]] = {}
    for row in Request.objects.filter(id__lt=ids.first_at(end)):
        group = (rollups.start_of(kind, ids.instant_of(row.id)), *(getattr(row, name) for name in rollups.DIMENSIONS[kind]))
        found = expected.setdefault(group, Counter())
        found["requests"] += 1
        for name in SUMMED:
            found[name] += getattr(row, name) or 0
        if row.ttft_ms is not None and row.is_stream:
            found[f"ttft {tallies.bucket(row.ttft_ms)}"] += 1
        if row.status == Status.OK:
            found[f"latency {tallies.bucket(row.latency_ms)}"] += 1
    assert {group: +found for group, found in expected.items()} == _rollups(kind)


def _rollups(kind: type[Rollup]) -> dict[Any, Counter[str]]:
    found = {}
    for row in kind._default_manager.all():
        figures = Counter({name: getattr(row, name) for name in ("requests", *SUMMED)})
        for name in sums.TIMES:
            figures.update({f"{name} {bucket}": count for bucket, count in times.read(getattr(row, name)).items()})
        group = (row.start, *(getattr(row, name) for name in rollups.DIMENSIONS[kind]))
        assert group not in found
        found[group] = +figures
    return found


def hold(project: Project, at: datetime) -> Hold:
    tick = log.tick()
    return Hold.objects.create(
        id=log.id_at(at), wallet=project.organization.wallet, project=project, price_tick=tick, funding="wallet", amount_nanousd=1,
        day_key="2026-11-28", month_key="2026-11", created_at=at, expires_at=at + timedelta(minutes=11),
    )  # fmt: skip


def test_rollups_are_what_the_requests_add_up_to(project: Project) -> None:
    random_calls(project, 300)
    rollups.advance(clock.now())
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


def test_a_second_run_changes_nothing(project: Project) -> None:
    random_calls(project, 50)
    assert rollups.advance(clock.now()) > 0
    before = list(UsageHour.objects.order_by("pk").values())
    assert rollups.advance(clock.now()) == 0
    assert list(UsageHour.objects.order_by("pk").values()) == before


def test_an_hour_waits_for_its_open_holds(project: Project) -> None:
    """The sweeper may come days late: until then the hour, and those after it, are not complete."""
    at = clock.now() - 9 * HOUR
    random_calls(project, 50)
    late = hold(project, at)
    rollups.advance(clock.now())
    assert_rollups_are_the_requests(rollups.hour_of(at))
    log.call(project, id=late.id, created_at=at, status=Status.EXPIRED)
    late.state = HoldState.EXPIRED
    late.save()
    rollups.advance(clock.now())
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


def test_the_hour_a_call_may_still_be_admitted_to_is_not_complete(project: Project, settings: Any) -> None:
    now = datetime.fromisoformat("2026-11-28T12:11:00+00:00")
    assert rollups.complete_before(now) == now.replace(hour=11, minute=0)
    assert rollups.complete_before(now + timedelta(minutes=1)) == now.replace(hour=12, minute=0)


def test_a_run_that_has_no_time_left_goes_on_next_time(project: Project) -> None:
    random_calls(project, 60)
    assert rollups.advance(clock.now(), run_s=0) == 0
    assert UsageHour.objects.count() == 0
    rollups.advance(clock.now())
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


def test_after_an_outage_it_goes_on_from_the_last_complete_hour(project: Project) -> None:
    random_calls(project, 60)
    rollups.advance(clock.now() - 30 * HOUR)
    assert rollups.mark() < clock.now() - 30 * HOUR
    rollups.advance(clock.now())
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


def test_rebuilding_mends_what_was_changed_by_hand(project: Project, capsys: Any) -> None:
    random_calls(project, 60)
    rollups.advance(clock.now())
    UsageHour.objects.order_by("start").first().delete()
    UsageHour.objects.update(requests=7)
    UsageDay.objects.update(requests=7)
    UsageTotal.objects.update(requests=7)
    Request.objects.order_by("id").first().delete()
    call_command("rebuild_usage")
    assert "Hours written anew" in capsys.readouterr().out
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


def test_rebuilding_takes_away_the_totals_of_a_day_that_has_no_requests_any_more(project: Project) -> None:
    random_calls(project, 60)
    rollups.advance(clock.now())
    last = UsageTotal.objects.latest("start").start
    Request.objects.filter(id__gte=ids.first_at(last), id__lt=ids.first_at(rollups.mark())).delete()
    call_command("rebuild_usage")
    assert UsageTotal.objects.latest("start").start < last
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


@pytest.mark.parametrize("known_days", [0, 1])
def test_totals_of_days_that_a_process_of_the_version_before_wrote_are_caught_up_on(project: Project, known_days: int) -> None:
    """It writes hours and days, moves the mark, and leaves totals and their mark as they are; none are there after the migration."""
    random_calls(project, 100)
    rollups.advance(clock.now())
    first, since = UsageTotal.objects.earliest("start").start, UsageMark.EPOCH
    since = first + rollups.DAY * known_days if known_days else since
    UsageTotal.objects.filter(start__gte=since).delete()
    UsageMark.objects.update(totals_before=since)
    assert rollups.advance(clock.now()) == 0
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


def test_a_mark_that_a_process_of_the_version_before_made_knows_no_totals(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO activity_usagemark (id, complete_before) VALUES (1, '2026-11-20 00:00:00+00:00')")
    assert (rollups.mark().day, rollups.totals_mark()) == (20, UsageMark.EPOCH)


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_write_every_hour_once(project: Project) -> None:
    random_calls(project, 120)
    threads = [threading.Thread(target=_advance) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert_rollups_are_the_requests(rollups.complete_before(clock.now()))


def _advance() -> None:
    rollups.advance(clock.now())
    connection.close()


def test_without_requests_there_is_nothing_to_add_up(alice: User) -> None:
    assert rollups.advance(clock.now()) == 0
    assert UsageMark.objects.get().complete_before == rollups.complete_before(clock.now())


@given(st.lists(st.integers(1, 3_600_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.95, 0.99]))
def test_percentiles_are_right_to_a_few_percent(measured: list[int], share: float) -> None:
    rank = max(int(-(-share * len(measured) // 1)), 1)
    exact = sorted(measured)[rank - 1]
    text = times.write(Counter(map(tallies.bucket, measured)))
    found = times.percentile(times.read(text), share)
    assert found is not None
    assert abs(found - exact) <= exact * 0.0202 + 0.5


def test_texts_are_merged_by_joining_them() -> None:
    assert times.read("1:2 5 -3 1 5:7 5:7") == {1: 3, 5: 15, -3: 1}
    assert times.percentile({}, 0.5) is None
