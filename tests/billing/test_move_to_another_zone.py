"""The ledger while an organization's time zone changes: free requests and caps count in the day in force, whatever is asked for."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts import zones
from accounts.models import Organization
from billing import allowance, budgets, check, holds, ledger
from billing.models import BudgetPeriod, FreeQuotaDay, Hold
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from projects.models import Project
from tests.billing import till

A_DAY_S_FREE = 2


@pytest.fixture(autouse=True)
def two_a_day(settings: Any, time_machine: Any, money: None) -> Iterator[None]:
    """The books are proved while the clock still stands there: ``money`` does it long after these days' rows are past their time."""
    settings.CLOD_FREE_REQUESTS_PER_DAY = A_DAY_S_FREE
    time_machine.move_to("2026-06-10T12:00:00Z", tick=False)
    yield
    ledger.sweep(clock.now())
    assert check.findings() == []


def ask_for(dana: till.Customer, zone: str) -> None:
    zones.change(dana.organization.pk, zone, clock.now())
    dana.organization.refresh_from_db()


def free_calls(dana: till.Customer, count: int) -> int:
    """How many of these were let in."""
    return sum(isinstance(answer, holds.Held) for answer in till.all_at_once(dana.ask(free=True) for _ in range(count)))


def test_asking_for_another_zone_opens_no_other_day(time_machine: Any) -> None:
    dana = till.customer(dollars=None)
    assert free_calls(dana, 3) == A_DAY_S_FREE
    ask_for(dana, "Pacific/Kiritimati")  # where tomorrow has begun
    assert free_calls(dana, 3) == 0
    time_machine.move_to("2026-06-11T09:59:59Z", tick=False)
    assert free_calls(dana, 3) == A_DAY_S_FREE  # UTC's 11 June, to the last second
    time_machine.move_to("2026-06-11T10:00:00Z", tick=False)
    assert free_calls(dana, 3) == A_DAY_S_FREE
    assert {row.day_key: row.used for row in FreeQuotaDay.objects.all()} == {"2026-06-10": 2, "2026-06-11": 2, "2026-06-12": 2}


def test_a_refusal_and_the_page_name_the_instant_at_which_calls_are_free_again(time_machine: Any) -> None:
    dana = till.customer(dollars=None)
    ask_for(dana, "America/Toronto")
    free_calls(dana, 2)
    with pytest.raises(Refusal) as refused:
        till.authorise(dana.ask(free=True))
    assert refused.value.extra["resets_at"] == "2026-06-11T04:00:00Z"
    resets_at = allowance.of(dana.organization, clock.now()).resets_at
    time_machine.move_to(resets_at - timedelta(seconds=1), tick=False)
    assert free_calls(dana, 1) == 0
    time_machine.move_to(resets_at, tick=False)
    assert till.authorise(dana.ask(free=True)).free_left == 1
    assert allowance.of(dana.organization, clock.now()).left == 1


def test_a_cap_is_the_day_s_until_the_change(time_machine: Any) -> None:
    dana = till.customer(dollars="10.00")
    Project.objects.update(daily_cap_nanousd=till.CALL)
    dana.project.refresh_from_db()
    ask_for(dana, "America/Toronto")
    till.authorise(dana.ask())
    for instant in ("2026-06-10T23:59:59Z", "2026-06-11T03:59:59Z"):
        time_machine.move_to(instant, tick=False)
        with pytest.raises(Refusal) as refused:
            till.authorise(dana.ask(1))
        assert (refused.value.code, refused.value.extra["resets_at"]) == ("project_daily_cap", "2026-06-11T04:00:00Z")
        shown = budgets.of(dana.project, clock.now()).day
        assert (shown.key, shown.left_nanousd, shown.resets_at) == ("2026-06-10", 0, datetime(2026, 6, 11, 4, tzinfo=UTC))
    time_machine.move_to("2026-06-11T04:00:00Z", tick=False)
    assert till.authorise(dana.ask()).day_key == "2026-06-11"


def test_a_month_s_cap_goes_on_until_the_month_ends_in_the_zone_in_force(time_machine: Any) -> None:
    time_machine.move_to("2026-06-30T12:00:00Z", tick=False)
    dana = till.customer(dollars="10.00")
    Project.objects.update(monthly_cap_nanousd=till.CALL)
    ask_for(dana, "America/Toronto")
    till.authorise(dana.ask())
    time_machine.move_to("2026-07-01T03:59:59Z", tick=False)
    with pytest.raises(Refusal) as refused:
        till.authorise(dana.ask(1))
    assert (refused.value.code, refused.value.extra["resets_at"]) == ("project_monthly_cap", "2026-07-01T04:00:00Z")
    time_machine.move_to("2026-07-01T04:00:00Z", tick=False)
    assert till.authorise(dana.ask()).month_key == "2026-07"


def test_a_call_that_runs_across_the_change_settles_in_its_own_day(time_machine: Any) -> None:
    dana = till.customer(dollars="10.00")
    ask_for(dana, "America/Toronto")
    time_machine.move_to("2026-06-11T03:59:00Z", tick=False)
    held = till.authorise(dana.ask())
    time_machine.move_to("2026-06-11T04:01:00Z", tick=False)
    till.capture(held, till.CALL)
    assert {row.period_key: row.spent_nanousd for row in BudgetPeriod.objects.all()} == {"2026-06-10": till.CALL, "2026-06": till.CALL}


def test_moving_back_and_forth_for_two_weeks_gives_a_quota_a_day(time_machine: Any) -> None:
    """Whenever the rule allows, the farthest zone; every hour, more calls than a day has."""
    dana = till.customer(dollars=None)
    start = clock.now()
    for hour in range(14 * 24):
        time_machine.move_to(start + timedelta(hours=hour), tick=False)
        now, organization = clock.now(), Organization.objects.get(pk=dana.organization.pk)
        if not zones.why_not(organization, now):
            there = "Pacific/Pago_Pago" if organization.zone_now == "Pacific/Kiritimati" else "Pacific/Kiritimati"
            zones.change(organization.pk, there, now)
        if hour % 3 == 0:
            free_calls(dana, A_DAY_S_FREE + 1)
    admitted = Counter(Hold.objects.values_list("day_key", flat=True))
    assert max(admitted.values()) == A_DAY_S_FREE
    assert len(admitted) <= 15
