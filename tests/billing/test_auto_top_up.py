"""A wallet that runs low fills itself: once at a time, only where its owner wants it, and not again after a failure."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import Membership, Organization, Role
from billing import auto_top_up, ledger, refusals, tasks
from billing.models import AutoTopUp, LedgerEntry, TopUp
from clod_site.lib import clock
from clod_site.lib.money import usd
from tests.billing import fake_stripe, till
from tests.billing.fake_stripe import FakeStripe, send
from tests.people import browser, join

pytestmark = pytest.mark.usefixtures("money")


@pytest.fixture
def dana(money: None) -> till.Customer:
    return till.customer("dana", dollars="1.00")


def owner_of(customer: till.Customer) -> Client:
    return browser(Membership.objects.get(organization=customer.organization, role=Role.OWNER).user)


def switch_on(customer: till.Customer, threshold: str = "5.00", amount: str = "25.00", **more: str) -> Any:
    form = {"threshold": threshold, "amount": amount, "is_on": "1"} | more
    return owner_of(customer).post("/billing/top-ups/automatic", form, follow=True)


def save_card(customer: till.Customer) -> None:
    """A top-up whose payer ticked the box. It is refunded, so that the wallet is as low as before."""
    first = fake_stripe.order(customer.organization, saves_method=True)
    send(fake_stripe.intent(first, setup_future_usage="off_session", customer="cus_1", payment_method="pm_1"))
    send(fake_stripe.charge_refunded(first, 2500))


def run() -> None:
    tasks.top_up_automatically()
    tasks.tend_top_ups()


def automatic() -> list[str]:
    return list(TopUp.objects.filter(is_automatic=True).order_by("id").values_list("state", flat=True))


def in_a_while(minutes: int) -> Any:
    return time_machine.travel(clock.now() + timedelta(minutes=minutes))


# --- when ----------------------------------------------------------------------------------------


def test_a_low_wallet_is_filled_and_a_full_one_is_not(dana: till.Customer) -> None:
    switch_on(dana)
    run()
    run()
    assert dana.wallet.balance_nanousd == usd("26.00")
    assert automatic() == ["paid"]
    assert LedgerEntry.objects.get(kind="topup").reason == "Test money"
    assert "automatic" in owner_of(dana).get("/billing/top-ups").content.decode()


def test_what_is_held_cannot_be_spent(dana: till.Customer) -> None:
    dana.pay_in("9.00")
    switch_on(dana)
    run()
    assert automatic() == []
    till.authorise(dana.ask(usd("6.00")))
    run()
    assert automatic() == ["paid"]


def test_nobody_is_topped_up_who_did_not_ask_or_may_not_pay(dana: till.Customer) -> None:
    erin, frank, gina = (till.customer(name, dollars=None) for name in ("erin", "frank", "gina"))
    switch_on(erin, is_on="0")
    for customer in (frank, gina):
        switch_on(customer)
    Organization.objects.filter(pk=frank.organization.pk).update(suspended_at=clock.now())
    ledger.freeze([gina.wallet.pk], clock.now())
    run()
    assert automatic() == []


def test_production_without_stripe_orders_nothing(dana: till.Customer, settings: Any) -> None:
    switch_on(dana)
    settings.PRODUCTION = True
    run()
    assert automatic() == []


def test_it_pauses_when_it_runs_too_often_and_goes_on_when_it_is_resumed(dana: till.Customer) -> None:
    switch_on(dana, threshold="1000.00", amount="5.00")
    for _ in range(auto_top_up.MOST_A_DAY + 2):
        tasks.top_up_automatically()
    assert len(automatic()) == auto_top_up.MOST_A_DAY
    assert "ran 10 times in 24 hours" in owner_of(dana).get("/billing").content.decode()
    switch_on(dana, threshold="1000.00", amount="5.00")
    run()
    assert len(automatic()) == auto_top_up.MOST_A_DAY + 1


# --- who -----------------------------------------------------------------------------------------


def test_owners_and_admins_set_it_others_see_it(dana: till.Customer) -> None:
    switch_on(dana)
    for role, status in ((Role.ADMIN, 302), (Role.DEVELOPER, 403), (Role.VIEWER, 403)):
        visit = browser(join(dana.organization, role.value, role))
        shown = visit.get("/billing").content.decode()
        assert f"When less than ${5 + (role != Role.ADMIN)}.00 can be spent" in shown
        assert ('action="/billing/top-ups/automatic"' in shown) == (status == 302)
        answer = visit.post("/billing/top-ups/automatic", {"threshold": "6", "amount": "30", "is_on": "1"})
        assert answer.status_code == status
    assert AutoTopUp.objects.get().amount_nanousd == usd("30.00")


def test_charlie_sets_his_own(dana: till.Customer) -> None:
    switch_on(dana)
    switch_on(till.customer("charlie", dollars=None), threshold="7.00")
    assert AutoTopUp.objects.get(organization=dana.organization).threshold_nanousd == usd("5.00")


def test_amounts_are_checked(dana: till.Customer) -> None:
    for form in ({"threshold": "0"}, {"threshold": "-1"}, {"threshold": "x"}, {"threshold": "20000"}, {"amount": "4.99"}, {"amount": "x"}):
        assert "in dollars and cents" in switch_on(dana, **form).content.decode()
    assert not AutoTopUp.objects.exists()


# --- Stripe --------------------------------------------------------------------------------------


def test_a_saved_card_is_charged_without_its_owner(dana: till.Customer, stripe: FakeStripe) -> None:
    switch_on(dana)
    save_card(dana)
    run()
    path, form = stripe.journal[0]
    top_up = TopUp.objects.get(is_automatic=True)
    assert path == "/v1/payment_intents"
    assert (form["amount"], form["currency"], form["customer"], form["payment_method"]) == ("2500", "usd", "cus_1", "pm_1")
    assert (form["off_session"], form["confirm"], form["metadata[top_up]"]) == ("true", "true", top_up.public_id)
    assert dana.wallet.balance_nanousd == usd("26.00")
    send(fake_stripe.intent(top_up))
    assert dana.wallet.balance_nanousd == usd("26.00")


def test_without_a_card_nothing_happens_and_the_page_says_why(dana: till.Customer, stripe: FakeStripe) -> None:
    shown = switch_on(dana).content.decode()
    assert "No card is saved yet" in shown
    fake_stripe.send(fake_stripe.session(fake_stripe.order(till.customer("erin", dollars=None).organization)))
    run()
    assert automatic() == stripe.journal == []


def test_a_card_of_another_organization_is_not_charged(dana: till.Customer, stripe: FakeStripe) -> None:
    switch_on(dana)
    save_card(till.customer("erin", dollars=None))
    run()
    assert stripe.journal == []


@pytest.mark.parametrize("behaviour", ["declined", "needs-person", "wrong-key"])
def test_a_failure_pauses_it_and_tells_the_owners_once(
    dana: till.Customer, stripe: FakeStripe, behaviour: str, mailoutbox: list[Any]
) -> None:
    join(dana.organization, "adam", Role.ADMIN)
    join(dana.organization, "bob", Role.DEVELOPER)
    switch_on(dana)
    save_card(dana)
    stripe.behaviour = behaviour
    for _ in range(3):
        run()
    assert automatic() == ["failed"]
    assert [sorted(mail.to) for mail in mailoutbox] == [["adam@example.org", "dana@example.org"]]
    assert "are paused" in mailoutbox[0].subject
    shown = owner_of(dana).get("/billing").content.decode()
    assert "Paused" in shown
    assert AutoTopUp.objects.get().paused_reason in shown
    stripe.behaviour = "ok"
    run()
    assert dana.wallet.balance_nanousd == usd("1.00")
    switch_on(dana)
    run()
    assert dana.wallet.balance_nanousd == usd("26.00")


def test_old_news_of_a_failure_does_not_pause_it_again(dana: till.Customer, stripe: FakeStripe) -> None:
    switch_on(dana)
    save_card(dana)
    stripe.behaviour = "declined"
    run()
    switch_on(dana)
    send(fake_stripe.intent(TopUp.objects.get(is_automatic=True), "payment_failed", amount_received=0))
    assert AutoTopUp.objects.get().paused_at is None


def test_a_charge_that_takes_days_is_waited_for(dana: till.Customer, stripe: FakeStripe) -> None:
    switch_on(dana)
    save_card(dana)
    stripe.behaviour = "processing"
    run()
    with in_a_while(300):
        run()
    assert automatic() == ["processing"]
    assert len(stripe.journal) == 1
    send(fake_stripe.intent(TopUp.objects.get(is_automatic=True)))
    assert dana.wallet.balance_nanousd == usd("26.00")


def test_a_charge_nobody_knows_of_is_asked_for_by_the_same_name_then_given_up(dana: till.Customer, stripe: FakeStripe) -> None:
    switch_on(dana)
    save_card(dana)
    stripe.behaviour = "down"
    run()
    with in_a_while(2):
        run()
    assert automatic() == ["pending"]
    with in_a_while(62):
        run()
    assert automatic() == ["failed"]
    assert AutoTopUp.objects.get().paused_reason == auto_top_up.UNKNOWN
    send(fake_stripe.intent(TopUp.objects.get(is_automatic=True)))
    assert (automatic(), dana.wallet.balance_nanousd) == (["paid"], usd("26.00"))


def test_a_lost_answer_is_one_charge(dana: till.Customer, stripe: FakeStripe) -> None:
    switch_on(dana)
    save_card(dana)
    stripe.lose_answers = True
    run()
    assert automatic() == ["pending"]
    stripe.lose_answers = False
    with in_a_while(2):
        run()
    assert automatic() == ["paid"]
    assert len(stripe.journal) == 1
    assert dana.wallet.balance_nanousd == usd("26.00")


def test_a_dispute_pauses_it(dana: till.Customer, stripe: FakeStripe, mailoutbox: list[Any]) -> None:
    switch_on(dana)
    save_card(dana)
    run()
    top_up = TopUp.objects.get(is_automatic=True)
    dispute = {"id": "dp_1", "payment_intent": stripe.payments[0], "amount": 2500, "currency": "usd", "status": "needs_response"}
    send(fake_stripe.event("charge.dispute.created", dispute))
    top_up.refresh_from_db()
    run()
    assert (top_up.reversed_nanousd, automatic()) == (usd("25.00"), ["paid"])
    assert ["are paused" in mail.subject for mail in mailoutbox] == [True]


# --- one at a time -------------------------------------------------------------------------------


def test_two_schedulers_at_once_make_one_order(dana: till.Customer) -> None:
    switch_on(dana)
    barrier = threading.Barrier(4)

    def tick() -> None:
        barrier.wait()
        tasks.top_up_automatically()
        connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert automatic() == ["paid"]


def test_an_order_whose_money_is_not_there_yet_is_under_way(dana: till.Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_on(dana)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "credit", _away)
        tasks.top_up_automatically()
        tasks.top_up_automatically()
    assert (automatic(), dana.wallet.balance_nanousd) == (["paid"], usd("1.00"))
    with in_a_while(2):
        tasks.tend_top_ups()
        run()
    assert (automatic(), dana.wallet.balance_nanousd) == (["paid"], usd("26.00"))


def _away(*_: Any, **__: Any) -> None:
    raise refusals.LedgerUnavailable


def test_the_database_holds_one_under_way(dana: till.Customer) -> None:
    fake_stripe.order(dana.organization, is_automatic=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        fake_stripe.order(dana.organization, is_automatic=True)
    fake_stripe.order(dana.organization)


def test_trouble_with_one_is_not_trouble_for_the_next(dana: till.Customer, stripe: FakeStripe) -> None:
    erin = till.customer("erin", dollars="1.00")
    for customer in (dana, erin):
        switch_on(customer)
        save_card(customer)
    stripe.fail_next = 1
    run()
    assert sorted(automatic()) == ["paid", "pending"]
