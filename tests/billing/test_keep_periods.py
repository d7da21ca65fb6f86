"""Rows of days and months are made before they are needed and deleted when they are past their time; calls never depend on it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import free_quota, zones
from billing import check, holds, ledger, tasks
from billing.ledger import stale
from billing.models import BudgetPeriod, FreeQuotaDay, Hold
from clod_site.lib import clock
from tests.billing import till


@pytest.fixture(autouse=True)
def evening(time_machine: Any, money: None) -> Iterator[None]:
    time_machine.move_to("2026-06-10T22:30:00Z", tick=False)
    yield
    ledger.sweep(clock.now())
    assert check.findings() == []


def free_call(dana: till.Customer) -> holds.Held:
    return till.authorise(dana.ask(free=True))


def days() -> dict[str, int]:
    return dict(FreeQuotaDay.objects.values_list("day_key", "used"))


def test_who_called_lately_has_tomorrow_s_row_before_tomorrow(time_machine: Any) -> None:
    dana = till.customer(dollars=None)
    free_call(dana)
    tasks.prepare_days()
    assert days() == {"2026-06-10": 1, "2026-06-11": 0}
    time_machine.move_to("2026-06-11T00:00:00Z", tick=False)
    free_call(dana)
    assert days() == {"2026-06-10": 1, "2026-06-11": 1}


def test_preparing_again_changes_nothing_even_after_the_first_call(time_machine: Any) -> None:
    dana = till.customer(dollars=None)
    free_call(dana)
    assert (ledger.prepare(clock.now()), ledger.prepare(clock.now())) == (1, 1)
    now = clock.now()
    time_machine.move_to("2026-06-11T00:00:00Z", tick=False)
    free_call(dana)
    ledger.prepare(now)
    assert days() == {"2026-06-10": 1, "2026-06-11": 1}


def test_nothing_is_prepared_for_those_who_do_not_call(time_machine: Any) -> None:
    """A prepared row is no call: else one call would be followed by rows for ever."""
    dana = till.customer(dollars=None)
    till.customer("eve", dollars=None)
    free_call(dana)
    for _ in range(12):
        ledger.prepare(clock.now())
        time_machine.move_to(clock.now() + timedelta(days=1), tick=False)
    assert max(days()) == "2026-06-18"
    assert set(FreeQuotaDay.objects.values_list("organization", flat=True)) == {dana.organization.pk}


def test_nothing_is_prepared_where_nobody_brings_free_requests() -> None:
    dana = till.customer(dollars=None)
    free_call(dana)
    free_quota.leave(dana.organization.members.get().pk, dana.organization.pk, clock.now())
    assert ledger.prepare(clock.now()) == 0


def test_a_day_s_row_is_made_shortly_before_that_day_begins_where_the_organization_is(time_machine: Any) -> None:
    dana = till.customer(dollars=None, time_zone="Asia/Kathmandu")
    free_call(dana)  # 04:15 there
    assert ledger.prepare(clock.now()) == 0
    time_machine.move_to("2026-06-11T17:37:00Z", tick=False)
    assert ledger.prepare(clock.now()) == 1
    assert days() == {"2026-06-11": 1, "2026-06-12": 0}


def test_across_a_change_of_zone_the_row_is_that_of_the_day_which_comes(time_machine: Any) -> None:
    dana = till.customer(dollars=None)
    zones.change(dana.organization.pk, "America/Toronto", clock.now())
    free_call(dana)
    assert ledger.prepare(clock.now()) == 0
    time_machine.move_to("2026-06-11T03:37:00Z", tick=False)
    assert ledger.prepare(clock.now()) == 1
    assert days() == {"2026-06-10": 1, "2026-06-11": 0}


def test_many_organizations_are_prepared_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "AT_ONCE", 2)
    for number in range(5):
        free_call(till.customer(f"dana{number}", dollars=None))
    with CaptureQueriesContext(connection) as queries:
        assert ledger.prepare(clock.now()) == 5
    assert sum(query["sql"].startswith("INSERT") for query in queries) == 3


def test_old_rows_are_deleted_and_younger_ones_stay(time_machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "AT_ONCE", 1)
    dana = till.customer(dollars="10.00")
    begin = clock.now()
    for since in (0, 30, 120, 430):
        time_machine.move_to(begin + timedelta(days=since), tick=False)
        till.capture(free_call(dana), 1)
        till.capture(till.authorise(dana.ask()), till.CALL)
    tasks.prune_periods()
    assert check.findings() == []
    assert set(days()) == {"2027-08-14"}
    of_the_project = BudgetPeriod.objects.filter(project=dana.project).values_list("period_key", flat=True)
    assert set(of_the_project) == {"2026-07-10", "2026-07", "2026-10-08", "2026-10", "2027-08-14", "2027-08"}
    assert ledger.prune(clock.now()) == (0, 0)
    assert till.authorise(dana.ask(free=True)).free_left == 98


def test_a_period_is_kept_for_as_long_as_its_retention_says(time_machine: Any) -> None:
    dana = till.customer(dollars=None)
    till.capture(free_call(dana), 0)
    time_machine.move_to("2026-09-08T23:59:59Z", tick=False)  # 90 days later
    assert ledger.prune(clock.now()) == (0, 0)
    time_machine.move_to("2026-09-09T00:00:00Z", tick=False)
    assert ledger.prune(clock.now())[0] == 1


def test_the_periods_of_an_open_hold_stay_until_it_is_settled(time_machine: Any) -> None:
    dana = till.customer(dollars="10.00")
    free, paid = free_call(dana), till.authorise(dana.ask())
    time_machine.move_to("2028-01-01T00:00:00Z", tick=False)
    assert ledger.prune(clock.now())[0] == 0
    assert BudgetPeriod.objects.filter(held_nanousd=till.CALL).count() == 4  # day and month, of the project and of the key
    till.run(holds.void(free))
    till.capture(paid, till.CALL)
    assert set(Hold.objects.values_list("state", flat=True)) == {"voided", "captured"}
    assert ledger.prune(clock.now()) == (1, 4)


def test_a_run_deletes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stale, "MOST_IN_RUN", 2)
    dana = till.customer(dollars=None)
    FreeQuotaDay.objects.bulk_create(FreeQuotaDay(organization=dana.organization, day_key=f"2025-01-{day}") for day in range(10, 15))
    assert [ledger.prune(clock.now())[0] for _ in range(4)] == [2, 2, 1, 0]
