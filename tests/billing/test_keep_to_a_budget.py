"""Daily and monthly caps, of a project or of one API key: spent and held together never pass them."""

from collections.abc import Callable
from typing import Any

import pytest

from billing import budgets, holds
from billing.models import BudgetPeriod
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from clod_site.lib.refusal import Refusal
from projects.models import ApiKey, Project
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")
Make = Callable[..., till.Customer]


def capped(**caps: int) -> till.Customer:
    dana = till.customer(dollars="10.00")
    Project.objects.filter(pk=dana.project.pk).update(**caps)
    dana.project.refresh_from_db()
    return dana


def with_capped_key(**caps: int) -> till.Customer:
    dana = till.customer(dollars="10.00")
    ApiKey.objects.filter(pk=dana.key.pk).update(**caps)
    dana.key.refresh_from_db()
    return dana


def refused(ask: holds.HoldAsk) -> Refusal:
    with pytest.raises(Refusal) as caught:
        till.authorise(ask)
    return caught.value


CAPPED = pytest.mark.parametrize(("subject", "make"), [("project", capped), ("key", with_capped_key)])


@CAPPED
@pytest.mark.parametrize("cap", ["daily_cap_nanousd", "monthly_cap_nanousd"])
def test_parallel_calls_stop_exactly_at_the_cap_as_the_very_first_traffic(subject: str, make: Make, cap: str) -> None:
    dana = make(**{cap: 3 * till.CALL})
    answers = till.all_at_once(dana.ask() for _ in range(20))
    assert sum(isinstance(answer, holds.Held) for answer in answers) == 3
    assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {f"{subject}_{cap.removesuffix('_nanousd')}"}


@CAPPED
def test_what_was_spent_and_what_is_held_both_count(subject: str, make: Make) -> None:
    dana = make(daily_cap_nanousd=2 * till.CALL)
    spent = till.authorise(dana.ask())
    till.capture(spent, till.CALL)
    till.authorise(dana.ask())
    assert refused(dana.ask(1)).code == f"{subject}_daily_cap"


@CAPPED
def test_money_that_comes_back_can_be_held_again(subject: str, make: Make) -> None:
    dana = make(daily_cap_nanousd=till.CALL)
    first = till.authorise(dana.ask())
    till.run(holds.void(first))
    second = till.authorise(dana.ask())
    till.capture(second, till.CALL - 5)
    assert till.authorise(dana.ask(5)).amount_nanousd == 5
    assert refused(dana.ask(1)).code == f"{subject}_daily_cap"


def test_a_refusal_says_what_is_left_when_it_resets_and_where_to_raise_it() -> None:
    dana = capped(monthly_cap_nanousd=usd("0.15"))
    till.authorise(dana.ask())
    refusal = refused(dana.ask())
    assert (refusal.status, refusal.type) == (402, "insufficient_quota")
    resets_at = clock.next_month("UTC", clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert refusal.extra == {"resets_at": resets_at, "cap_usd": "0.15", "needed_usd": "0.1", "left_usd": "0.05"}
    assert "Raise it under Projects › Default › Budgets" in refusal.message


@CAPPED
def test_a_changed_cap_counts_from_the_next_call(subject: str, make: Make) -> None:
    dana = make(daily_cap_nanousd=till.CALL)
    running = till.authorise(dana.ask())
    table = Project if subject == "project" else ApiKey
    table.objects.update(daily_cap_nanousd=2 * till.CALL)
    till.authorise(dana.ask())
    table.objects.update(daily_cap_nanousd=0)
    refusal = refused(dana.ask(1))
    assert (refusal.code, refusal.extra["left_usd"]) == (f"{subject}_daily_cap", "0")
    assert till.capture(running, till.CALL).charged_nanousd == till.CALL


def test_a_cap_set_on_a_key_today_counts_what_it_spent_and_holds_already() -> None:
    dana = till.customer(dollars="10.00")
    till.capture(till.authorise(dana.ask()), till.CALL)
    till.authorise(dana.ask())
    ApiKey.objects.update(monthly_cap_nanousd=2 * till.CALL + 1)
    assert till.authorise(dana.ask(1)).amount_nanousd == 1
    assert refused(dana.ask(1)).code == "key_monthly_cap"


def test_a_key_and_its_project_are_each_kept_to_their_cap() -> None:
    dana = with_capped_key(daily_cap_nanousd=till.CALL)
    Project.objects.update(daily_cap_nanousd=2 * till.CALL)
    other = ApiKey.objects.create(project=dana.project, name="other", public_id="other", digest=b"", pepper_id="")
    till.authorise(dana.ask())
    assert refused(dana.ask()).code == "key_daily_cap"
    till.authorise(dana.ask(api_key_id=other.pk))
    assert refused(dana.ask(api_key_id=other.pk)).code == "project_daily_cap"


def test_a_call_from_studio_counts_for_no_key() -> None:
    dana = with_capped_key(daily_cap_nanousd=0)
    till.capture(till.authorise(dana.ask(api_key_id=None)), 1000)
    assert not BudgetPeriod.objects.filter(api_key__isnull=False).exists()
    assert refused(dana.ask(1)).code == "key_daily_cap"


def test_free_requests_pass_a_spent_key_and_what_falls_on_the_wallet_does_not(settings: Any) -> None:
    settings.CLOD_FREE_REQUESTS_PER_DAY = 1
    dana = with_capped_key(monthly_cap_nanousd=0)
    assert till.authorise(dana.ask(free=True)).funding == "free"
    assert refused(dana.ask(free=True)).code == "key_monthly_cap"


def test_a_key_that_is_not_there_is_refused_and_leaves_no_budget() -> None:
    dana = till.customer(dollars="10.00")
    till.authorise(dana.ask())
    assert refused(dana.ask(api_key_id=ids.uuid7())).code == "invalid_api_key"
    assert BudgetPeriod.objects.count() == 4


def test_the_refusal_of_a_key_says_which_cap_and_when_it_resets() -> None:
    refusal = refused(with_capped_key(daily_cap_nanousd=usd("0.04")).ask())
    assert (refusal.status, refusal.type) == (402, "insufficient_quota")
    resets_at = clock.next_day("UTC", clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert refusal.extra == {"resets_at": resets_at, "cap_usd": "0.04", "needed_usd": "0.1", "left_usd": "0.04"}
    assert "The cap of this API key of $0.04 for" in refusal.message
    assert "Raise it under API Keys › test." in refusal.message


def test_projects_of_one_wallet_have_budgets_of_their_own() -> None:
    dana = capped(daily_cap_nanousd=till.CALL)
    other = Project.objects.create(organization=dana.organization, name="Other")
    till.authorise(dana.ask())
    assert till.authorise(dana.ask(project_id=other.pk, api_key_id=None)).project_id == other.pk


def test_the_budget_page_reads_what_the_ledger_wrote() -> None:
    dana = capped(daily_cap_nanousd=2 * till.CALL)
    till.capture(till.authorise(dana.ask()), 1000)
    till.authorise(dana.ask())
    budget = budgets.of(dana.project, clock.now())
    of_key = budgets.of(dana.key, clock.now())
    assert (of_key.day.spent_nanousd, of_key.day.held_nanousd, of_key.day.cap_nanousd) == (1000, till.CALL, None)
    assert (budget.day.spent_nanousd, budget.day.held_nanousd, budget.day.left_nanousd) == (1000, till.CALL, till.CALL - 1000)
    assert (budget.month.spent_nanousd, budget.month.cap_nanousd, budget.month.left_nanousd) == (1000, None, None)


# A day is the organization's own, however long it is: (zone, instant, its day, its month, the day's end)
DAYS = [
    ("America/New_York", "2026-03-08T04:59:00Z", "2026-03-07", "2026-03", "2026-03-08T05:00:00Z"),
    ("America/New_York", "2026-03-08T12:00:00Z", "2026-03-08", "2026-03", "2026-03-09T04:00:00Z"),  # 23 hours
    ("America/New_York", "2026-11-01T12:00:00Z", "2026-11-01", "2026-11", "2026-11-02T05:00:00Z"),  # 25 hours
    ("Africa/Cairo", "2026-04-23T21:30:00Z", "2026-04-23", "2026-04", "2026-04-23T22:00:00Z"),  # its next day begins at 01:00
    ("America/Santiago", "2026-09-06T03:30:00Z", "2026-09-05", "2026-09", "2026-09-06T04:00:00Z"),  # so does this one
    ("America/Santiago", "2026-09-06T04:00:00Z", "2026-09-06", "2026-09", "2026-09-07T03:00:00Z"),
    ("Asia/Kathmandu", "2026-06-30T18:14:59Z", "2026-06-30", "2026-06", "2026-06-30T18:15:00Z"),  # UTC+5:45
    ("Asia/Kathmandu", "2026-06-30T18:15:00Z", "2026-07-01", "2026-07", "2026-07-01T18:15:00Z"),
]


@pytest.mark.parametrize(("zone", "instant", "day", "month", "ends"), DAYS)
def test_a_call_counts_in_the_local_day_and_month(time_machine: object, zone: str, instant: str, day: str, month: str, ends: str) -> None:
    time_machine.move_to(instant, tick=False)  # type: ignore[attr-defined]
    dana = till.customer(dollars="10.00", time_zone=zone)
    held = till.authorise(dana.ask())
    assert (held.day_key, held.month_key) == (day, month)
    assert set(BudgetPeriod.objects.values_list("period_key", flat=True)) == {day, month}
    free = till.authorise(dana.ask(free=True))
    assert free.free_resets_at is not None
    assert free.free_resets_at.strftime("%Y-%m-%dT%H:%M:%SZ") == ends


@CAPPED
def test_a_new_month_has_its_whole_budget(time_machine: object, subject: str, make: Make) -> None:
    dana = make(monthly_cap_nanousd=till.CALL)
    time_machine.move_to("2026-03-31T23:59:59Z", tick=False)  # type: ignore[attr-defined]
    march = till.authorise(dana.ask())
    assert refused(dana.ask()).code == f"{subject}_monthly_cap"
    time_machine.move_to("2026-04-01T00:00:00Z", tick=False)  # type: ignore[attr-defined]
    till.authorise(dana.ask())
    till.capture(march, till.CALL)
    rows = BudgetPeriod.objects.filter(subject=getattr(dana, subject).pk)
    spent = {row.period_key: (row.spent_nanousd, row.held_nanousd) for row in rows}
    assert (spent["2026-03"], spent["2026-04"]) == ((till.CALL, 0), (0, till.CALL))
