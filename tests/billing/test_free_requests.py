"""A hundred free requests a day for an organization; then its wallet pays, if it wants that and can."""

import threading
from datetime import datetime

import pytest
from django.db import connection

from accounts import free_quota, onboarding
from accounts.models import FreeQuota
from billing import allowance, holds
from billing.models import FreeQuotaDay, LedgerEntry, PlatformLoss
from clod_site.lib import clock, ids
from clod_site.lib.refusal import Refusal
from projects.models import ApiKey
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")


@pytest.fixture(autouse=True)
def three_a_day(request: pytest.FixtureRequest, settings: object) -> None:
    if "hundred" not in request.node.name:
        settings.CLOD_FREE_REQUESTS_PER_DAY = 3  # type: ignore[attr-defined]


def refused(ask: holds.HoldAsk) -> Refusal:
    with pytest.raises(Refusal) as caught:
        till.authorise(ask)
    return caught.value


def test_a_free_call_costs_nothing_and_says_what_is_left() -> None:
    dana = till.customer(dollars=None)
    held = till.authorise(dana.ask(free=True))
    assert (held.funding, held.amount_nanousd, held.free_left) == ("free", 0, 2)
    assert held.free_resets_at == clock.next_day("UTC", clock.now())
    assert till.capture(held, 12345).charged_nanousd == 0
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.amount_nanousd) == ("usage", 0)
    assert not PlatformLoss.objects.exists()
    assert allowance.of(dana.organization, clock.now()).left == 2


def test_calls_one_after_the_other_count_on() -> None:
    dana = till.customer(dollars=None)
    assert [till.authorise(dana.ask(free=True)).free_left for _ in range(3)] == [2, 1, 0]
    assert refused(dana.ask(free=True)).code == "free_quota_exhausted"


def test_of_150_parallel_calls_exactly_one_hundred_are_free() -> None:
    dana = till.customer(dollars=None)
    answers = till.all_at_once(dana.ask(free=True) for _ in range(150))
    assert sum(isinstance(answer, holds.Held) for answer in answers) == 100
    assert {answer.code for answer in answers if isinstance(answer, Refusal)} == {"free_quota_exhausted"}
    assert dana.used_today() == 100


def test_a_call_that_is_given_back_gives_the_free_request_back() -> None:
    dana = till.customer(dollars=None)
    held = till.authorise(dana.ask(free=True))
    till.run(holds.void(held))
    till.run(holds.void(held))
    assert dana.used_today() == 0


def test_a_call_of_yesterday_gives_back_to_yesterday(time_machine: object) -> None:
    time_machine.move_to("2026-03-01T23:59:50Z", tick=False)  # type: ignore[attr-defined]
    dana = till.customer(dollars=None)
    held = till.authorise(dana.ask(free=True))
    time_machine.move_to("2026-03-02T00:00:10Z", tick=False)  # type: ignore[attr-defined]
    kept = till.authorise(dana.ask(free=True))
    till.run(holds.void(held))
    assert {row.day_key: row.used for row in FreeQuotaDay.objects.all()} == {"2026-03-01": 0, "2026-03-02": 1}
    assert (held.day_key, kept.day_key, kept.free_left) == ("2026-03-01", "2026-03-02", 2)


def test_after_the_free_requests_the_wallet_pays_the_standard_rate() -> None:
    dana = till.customer(dollars="0.10")
    funding = [answer.funding for answer in till.all_at_once(dana.ask(free=True) for _ in range(4))]
    assert funding == ["free", "free", "free", "wallet"]
    assert dana.wallet.held_nanousd == till.CALL


def test_a_wallet_that_pays_says_no_free_request_is_left() -> None:
    dana = till.customer(dollars="1.00")
    held = till.all_at_once(dana.ask(free=True) for _ in range(4))[-1]
    assert (held.free_left, held.free_resets_at) == (0, clock.next_day("UTC", clock.now()))
    assert till.authorise(dana.ask()).free_left is None


def test_an_empty_wallet_is_told_of_both() -> None:
    dana = till.customer(dollars="0.05")
    refusal = till.all_at_once(dana.ask(free=True) for _ in range(4))[-1]
    assert (refusal.status, refusal.code) == (402, "free_quota_exhausted")
    assert refusal.extra["resets_at"] == clock.next_day("UTC", clock.now()).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert refusal.extra["available_usd"] == "0.05"
    assert "wallet" in refusal.message


def test_an_organization_may_choose_not_to_pay() -> None:
    dana = till.customer(dollars="1.00", pays_after_free_quota=False)
    refusal = till.all_at_once(dana.ask(free=True) for _ in range(4))[-1]
    assert refusal.code == "free_quota_exhausted"
    assert dana.wallet.held_nanousd == 0


def test_other_models_do_not_use_free_requests() -> None:
    dana = till.customer(dollars=None)
    assert refused(dana.ask()).code == "insufficient_funds"
    assert dana.used_today() == 0


def test_free_calls_leave_budgets_alone() -> None:
    dana = till.customer(dollars=None)
    type(dana.project).objects.update(daily_cap_nanousd=0)
    held = till.authorise(dana.ask(free=True))
    assert till.capture(held, 1).charged_nanousd == 0


def test_organizations_do_not_share_their_free_requests() -> None:
    dana, eve = till.customer(dollars=None), till.customer("eve", dollars=None)
    answers = till.all_at_once(shopper.ask(free=True) for _ in range(3) for shopper in (dana, eve))
    assert all(isinstance(answer, holds.Held) for answer in answers)


def second_customer(dana: till.Customer) -> till.Customer:
    """Another organization of Dana's, with a key and no money."""
    owner = dana.organization.members.get()
    acme = onboarding.create_organization("Acme", owner)
    project = acme.projects.get()
    key = ApiKey.objects.create(project=project, name="test", public_id=ids.random_base62(12), digest=b"", pepper_id="")
    return till.Customer(acme, project, key, dana.tick)


def bring(shopper: till.Customer) -> datetime:
    return free_quota.bring(shopper.organization.members.get(), shopper.organization.pk, clock.now())


def test_another_organization_of_the_same_person_has_none_and_is_told_what_to_do() -> None:
    dana = till.customer(dollars=None)
    acme = second_customer(dana)
    refusal = refused(acme.ask(free=True))
    assert (refusal.status, refusal.code) == (402, "free_quota_exhausted")
    assert "can bring theirs here under Settings" in refusal.message
    assert "resets_at" not in refusal.extra
    assert till.authorise(dana.ask(free=True)).free_left == 2


def test_without_free_requests_the_wallet_pays() -> None:
    dana = till.customer(dollars=None)
    acme = second_customer(dana)
    acme.pay_in("1.00")
    held = till.authorise(acme.ask(free=True))
    assert (held.funding, held.free_left, held.free_resets_at) == ("wallet", None, None)


def test_free_requests_on_their_way_are_announced_and_come(time_machine: object) -> None:
    time_machine.move_to("2026-03-01T12:00:00Z", tick=False)  # type: ignore[attr-defined]
    dana = till.customer(dollars=None)
    acme = second_customer(dana)
    till.authorise(dana.ask(free=True))
    bring(acme)
    assert "begin at 2026-03-02T00:00:00Z" in refused(acme.ask(free=True)).message
    assert refused(acme.ask(free=True)).extra["resets_at"] == "2026-03-02T00:00:00Z"
    assert refused(dana.ask(free=True)).code == "free_quota_exhausted"
    time_machine.move_to("2026-03-02T00:00:00Z", tick=False)  # type: ignore[attr-defined]
    assert till.authorise(acme.ask(free=True)).free_left == 2
    assert refused(dana.ask(free=True)).code == "free_quota_exhausted"


def test_free_requests_pulled_in_two_directions_while_calls_run_are_those_of_one_day(time_machine: object) -> None:
    """Two tabs take them to two organizations again and again, and all three call."""
    time_machine.move_to("2026-03-01T12:00:00Z", tick=True)  # type: ignore[attr-defined]
    dana = till.customer(dollars=None)
    others = [second_customer(dana), second_customer(dana)]
    start = threading.Barrier(3)

    def pull(shopper: till.Customer) -> None:
        start.wait(10)
        for _ in range(5):
            bring(shopper)
        connection.close()

    tabs = [threading.Thread(target=pull, args=(shopper,)) for shopper in others]
    for tab in tabs:
        tab.start()
    start.wait(10)
    answers = [answer for _ in range(6) for answer in till.all_at_once(shopper.ask(free=True) for shopper in (dana, *others))]
    for tab in tabs:
        tab.join(30)
    assert sum(isinstance(answer, holds.Held) for answer in answers) <= 3
    assert FreeQuota.objects.get().organization in [shopper.organization for shopper in others]
    time_machine.move_to("2026-03-02T00:00:01Z", tick=True)  # type: ignore[attr-defined]
    answers = till.all_at_once(shopper.ask(free=True) for _ in range(4) for shopper in (dana, *others))
    assert sum(isinstance(answer, holds.Held) for answer in answers) == 3
