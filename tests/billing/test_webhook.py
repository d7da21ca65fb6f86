"""What Stripe tells us: signed or refused, stored before it is acted on, acted on once, the same in any order."""

import json
import threading
import time
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from billing import check, ledger, payment_events, refusals, tasks
from billing.models import EntryKind, FactKind, LedgerEntry, PaymentEvent, TopUp, TopUpState
from billing.payments import stripe_events
from clod_site.lib import ids
from clod_site.lib.money import usd
from tests.billing import fake_stripe, till
from tests.billing.fake_stripe import charge_refunded, dispute, intent, refund, send, session
from tests.people import browser

pytestmark = pytest.mark.usefixtures("money", "stripe")


@pytest.fixture
def dana(money: None) -> till.Customer:
    return till.customer("dana", dollars=None)


@pytest.fixture
def top_up(dana: till.Customer) -> TopUp:
    """An order of $25.00 that waits for its payment."""
    return fake_stripe.order(dana.organization)


def balance(customer: till.Customer) -> int:
    return customer.wallet.balance_nanousd


def ok(*events: dict[str, Any]) -> None:
    for event in events:
        assert send(event).status_code == 200


def stands(top_up: TopUp) -> tuple[str, int, int]:
    top_up.refresh_from_db()
    return top_up.state, top_up.reversed_nanousd, top_up.owed_nanousd


# --- signatures -----------------------------------------------------------------------------------


def test_what_is_not_signed_by_stripe_is_refused_without_detail_and_leaves_nothing(dana: till.Customer, top_up: TopUp) -> None:
    event = session(top_up)
    text = json.dumps(event)
    right = fake_stripe.stripe.WebhookSignature.generate_signature_header(text, fake_stripe.WEBHOOK_SECRET)
    changed = json.dumps(event | {"id": "evt_other"})
    answers = [send(event, secret="whsec_of_somebody_else"), send(event, at=int(time.time()) - 600), send(changed, signature=right)]
    answers += [send(event, signature=signature) for signature in ("", "t=1,v1=00", "t=x", "v1=é", "t=1", right.replace("v1", "v0"))]
    assert {(answer.status_code, answer.content) for answer in answers} == {(400, answers[0].content)}
    assert answers[0].content == b'{"error": {"message": "This is not a signed event.", "code": "bad_signature"}}'
    assert balance(dana) == 0
    assert not PaymentEvent.objects.exists()


def test_signed_nonsense_is_refused(dana: till.Customer) -> None:
    texts = [
        "",
        "nonsense",
        "[]",
        "null",
        "{}",
        '{"id": 1, "type": 2}',
        '{"id": "evt_1"}',
        "[" * 100_000,
        '{"id":"e","type":"t","x":"' + "x" * 300_000,
    ]
    assert {send(text).status_code for text in texts} == {400}
    assert not PaymentEvent.objects.exists()


def test_events_of_any_shape_are_taken_and_change_nothing(dana: till.Customer) -> None:
    shapes: list[Any] = [
        None,
        [],
        {},
        {"object": None},
        {"object": []},
        {"object": {"metadata": 1, "payment_intent": [], "amount_total": "x"}},
    ]
    for number, shape in enumerate(shapes):
        event = {"id": f"evt_shape_{number}", "type": "checkout.session.completed", "data": shape, "created": "yesterday"}
        assert send(event).status_code == 200
    assert send({"id": "evt_nul\0", "type": "charge.refunded", "data": {"object": {"amount_refunded": 10**30}}}).status_code == 200
    assert balance(dana) == 0


def test_both_secrets_are_good_while_they_are_rotated(dana: till.Customer, top_up: TopUp, settings: Any) -> None:
    settings.CLOD_STRIPE_WEBHOOK_SECRETS = ("whsec_new", fake_stripe.WEBHOOK_SECRET)
    ok(session(top_up))
    assert send(session(top_up), secret="whsec_new").status_code == 200


def test_it_does_not_exist_without_stripe(settings: Any) -> None:
    settings.CLOD_STRIPE_SECRET_KEY = ""
    assert send({"id": "evt_1", "type": "x"}).status_code == 404
    assert browser().get("/webhooks/stripe").status_code == 405


# --- paid -----------------------------------------------------------------------------------------


def test_a_paid_session_is_credited_once_however_often_it_is_told(dana: till.Customer, top_up: TopUp) -> None:
    event = session(top_up)
    ok(event, event, session(top_up), intent(top_up), event)
    assert balance(dana) == usd("25.00")
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.reference, entry.reason) == ("topup", top_up.public_id, "Card, through Stripe")
    assert stands(top_up) == ("paid", 0, 0)


def test_the_same_event_at_the_same_time_is_one_credit(dana: till.Customer, top_up: TopUp) -> None:
    event, statuses = session(top_up), []

    def deliver() -> None:
        statuses.append(send(event).status_code)
        connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 6
    assert balance(dana) == usd("25.00")
    assert PaymentEvent.objects.count() == LedgerEntry.objects.count() == 1


def test_completed_is_not_paid(dana: till.Customer, top_up: TopUp) -> None:
    ok(session(top_up, payment_status="unpaid"))
    assert (balance(dana), stands(top_up)) == (0, ("processing", 0, 0))
    ok(session(top_up, "async_payment_succeeded"))
    assert (balance(dana), stands(top_up)) == (usd("25.00"), ("paid", 0, 0))


def test_a_bank_that_says_no_days_later(dana: till.Customer, top_up: TopUp) -> None:
    ok(session(top_up, "async_payment_failed", payment_status="unpaid"), session(top_up, payment_status="unpaid"))
    assert (balance(dana), stands(top_up)) == (0, ("failed", 0, 0))


def test_a_declined_card_leaves_the_page_open_for_another(dana: till.Customer, top_up: TopUp) -> None:
    ok(intent(top_up, "payment_failed", amount_received=0))
    assert stands(top_up) == ("pending", 0, 0)
    ok(session(top_up))
    assert stands(top_up) == ("paid", 0, 0)


@pytest.mark.parametrize("changes", [{"amount_total": 2499}, {"amount_total": 250_000}, {"currency": "eur"}, {"amount_total": None}])
def test_another_amount_or_currency_than_ordered_is_not_credited(dana: till.Customer, top_up: TopUp, changes: dict[str, Any]) -> None:
    ok(session(top_up, **changes))
    assert (balance(dana), stands(top_up)) == (0, ("review", 0, 0))


def test_events_of_other_orders_and_kinds_are_stored_and_ignored(dana: till.Customer, top_up: TopUp) -> None:
    ok(
        session(top_up, client_reference_id="top_0000000000000000000000", metadata={}),
        session(top_up, client_reference_id="somebody-else-s"),
        fake_stripe.event("customer.created", {"id": "cus_1", "metadata": {"top_up": top_up.public_id}}),
        fake_stripe.event(
            "charge.refunded", {"id": "ch_9", "payment_intent": "pi_of_another_shop", "amount_refunded": 100, "currency": "usd"}
        ),
    )
    assert balance(dana) == 0
    assert PaymentEvent.objects.filter(top_up=None, acted_at__isnull=False).count() == 4


def test_test_money_is_not_paid_by_an_event_of_stripe(dana: till.Customer) -> None:
    top_up = fake_stripe.order(dana.organization)
    TopUp.objects.update(provider="demo")
    ok(session(top_up))
    assert balance(dana) == 0


# --- refunds and disputes ---------------------------------------------------------------------------


def test_a_refund_leaves_the_wallet(dana: till.Customer, top_up: TopUp) -> None:
    ok(session(top_up), refund(top_up, 1000), charge_refunded(top_up, 1000))
    assert (balance(dana), stands(top_up)) == (usd("15.00"), ("paid", usd("10.00"), 0))
    ok(refund(top_up, 500, name="re_2"), charge_refunded(top_up, 1500))
    assert balance(dana) == usd("10.00")
    assert list(LedgerEntry.objects.filter(kind="refund").order_by("id").values_list("amount_nanousd", flat=True)) == [
        -usd("10.00"),
        -usd("5.00"),
    ]


def test_a_refund_that_fails_comes_back(dana: till.Customer, top_up: TopUp) -> None:
    ok(session(top_up), refund(top_up, 2500), charge_refunded(top_up, 2500))
    assert balance(dana) == 0
    ok(refund(top_up, 2500, "failed", status="failed"))
    assert (balance(dana), stands(top_up)) == (usd("25.00"), ("paid", 0, 0))


def test_a_dispute_takes_the_money_until_it_is_won(dana: till.Customer, top_up: TopUp) -> None:
    ok(session(top_up), dispute(top_up, 2500), dispute(top_up, 2500, "funds_withdrawn"))
    assert balance(dana) == 0
    ok(dispute(top_up, 2500, "closed", status="won"), dispute(top_up, 2500, "funds_reinstated"))
    assert balance(dana) == usd("25.00")


def test_a_lost_dispute_and_an_inquiry(dana: till.Customer, top_up: TopUp) -> None:
    ok(session(top_up), dispute(top_up, 2500, status="warning_needs_response"))
    assert balance(dana) == usd("25.00")
    ok(dispute(top_up, 2500, "closed", status="lost"), dispute(top_up, 2500))
    assert balance(dana) == 0


def test_a_dispute_known_before_its_payment_counts_once_it_is_known(dana: till.Customer, top_up: TopUp) -> None:
    ok(dispute(top_up, 2500), refund(top_up, 100))
    assert PaymentEvent.objects.filter(top_up=None).count() == 2
    ok(session(top_up))
    assert (balance(dana), stands(top_up)) == (0, ("paid", usd("25.00"), 0))


def test_no_more_than_was_paid_is_taken(dana: till.Customer, top_up: TopUp) -> None:
    dana.pay_in("100.00")
    ok(session(top_up), charge_refunded(top_up, 2500), dispute(top_up, 2500))
    assert balance(dana) == usd("100.00")


def test_what_is_held_is_not_taken_and_the_rest_is_owed(dana: till.Customer, top_up: TopUp, mailoutbox: list[Any]) -> None:
    ok(session(top_up))
    held = till.authorise(dana.ask(usd("20.00")))
    ok(charge_refunded(top_up, 2500))
    assert (balance(dana), stands(top_up)) == (usd("20.00"), ("paid", usd("25.00"), usd("20.00")))
    till.capture(held, usd("15.00"))
    tasks.tend_top_ups()
    assert (balance(dana), stands(top_up)) == (0, ("paid", usd("25.00"), usd("15.00")))
    later = fake_stripe.order(dana.organization)
    ok(session(later))
    assert (balance(dana), stands(top_up)) == (usd("10.00"), ("paid", usd("25.00"), 0))


def test_owners_and_admins_are_told_once_what_is_owed(dana: till.Customer, top_up: TopUp, mailoutbox: list[Any]) -> None:
    ok(session(top_up))
    till.capture(till.authorise(dana.ask(usd("20.00"))), usd("20.00"))
    ok(charge_refunded(top_up, 2500))
    tasks.tend_top_ups()
    tasks.tend_top_ups()
    assert [mail.to for mail in mailoutbox] == [["dana@example.org"]]
    assert "owes $20.00 of a top-up" in mailoutbox[0].subject
    visit = browser(dana.organization.members.get())
    assert "$20.00 of refunded or disputed top-ups had been spent" in visit.get("/billing").content.decode()


# --- trouble ----------------------------------------------------------------------------------------


def test_with_the_ledger_away_the_event_is_kept_and_sent_again(dana: till.Customer, top_up: TopUp, monkeypatch: pytest.MonkeyPatch) -> None:
    event = session(top_up)
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "credit", _away)
        assert send(event).status_code == 503
    assert PaymentEvent.objects.get().acted_at is None
    ok(event)
    assert balance(dana) == usd("25.00")
    assert PaymentEvent.objects.get().acted_at is not None


def test_an_event_left_by_a_crash_is_acted_on_later(dana: till.Customer, top_up: TopUp) -> None:
    payment_events.store("stripe", stripe_events.read(session(top_up)))
    PaymentEvent.objects.update(received_at=top_up.created_at.replace(year=2025))
    tasks.tend_top_ups()
    assert balance(dana) == usd("25.00")


def test_one_event_in_trouble_does_not_hold_up_the_next(dana: till.Customer, top_up: TopUp, monkeypatch: pytest.MonkeyPatch) -> None:
    second = fake_stripe.order(dana.organization)
    for order in (top_up, second):
        payment_events.store("stripe", stripe_events.read(session(order)))
    PaymentEvent.objects.update(received_at=top_up.created_at.replace(year=2025))
    judge = payment_events.judge
    with monkeypatch.context() as patch:
        patch.setattr(payment_events, "judge", lambda order: _away() if order == top_up.pk else judge(order))
        tasks.tend_top_ups()
    assert balance(dana) == usd("25.00")
    tasks.tend_top_ups()
    assert balance(dana) == usd("50.00")


def _away(*_: Any, **__: Any) -> None:
    raise refusals.LedgerUnavailable


def test_refunds_told_at_the_same_time_are_taken_once_each(dana: till.Customer, top_up: TopUp) -> None:
    ok(session(top_up))
    told = [refund(top_up, 100 * number, name=f"re_{number}") for number in range(1, 6)]

    def deliver(event: dict[str, Any]) -> None:
        send(event)
        connection.close()

    threads = [threading.Thread(target=deliver, args=(event,)) for event in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tasks.tend_top_ups()
    assert (balance(dana), stands(top_up)) == (usd("10.00"), ("paid", usd("15.00"), 0))


# --- any order --------------------------------------------------------------------------------------


def stories(top_up: TopUp) -> list[dict[str, Any]]:
    """What may be told about one order of $25.00."""
    return [
        session(top_up),
        intent(top_up),
        session(top_up, payment_status="unpaid"),
        session(top_up, "expired", payment_status="unpaid"),
        refund(top_up, 700, name="re_a"),
        refund(top_up, 700, "failed", name="re_a", status="failed"),
        refund(top_up, 300, name="re_b"),
        charge_refunded(top_up, 300),
        dispute(top_up, 1000),
        dispute(top_up, 1000, "closed", status="lost"),
        dispute(top_up, 1000, "funds_reinstated"),
    ]


def expected(told: set[int]) -> int:
    """What is left of the $25.00, in cents, by what was told of ``stories``."""
    if not told & {0, 1}:
        return 0
    refunded_a = 700 if 4 in told and 5 not in told else 0
    total = max(refunded_a + (300 if 6 in told else 0), (300 if 7 in told else 0) - (700 if 5 in told else 0))
    disputed = 1000 if told & {8, 9} and 10 not in told else 0
    return 2500 - min(2500, total + disputed)


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(told=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 10)), min_size=2, max_size=9), data=st.data())
def test_any_order_of_events_gives_the_same_balance(told: list[tuple[int, int]], data: st.DataObject) -> None:
    """Two orders of one wallet, $3.00 of other money of which $2.00 is spent; every event may be told twice."""
    balances = set()
    for order in (told, data.draw(st.permutations(told + told[:2]))):
        shopper = till.customer(f"shopper{ids.uuid7().hex}", dollars="3.00")
        till.capture(till.authorise(shopper.ask(usd("2.00"))), usd("2.00"))
        events = [stories(fake_stripe.order(shopper.organization)) for _ in range(2)]
        prefix = ids.uuid7().hex
        for which, number in order:
            event = events[which][number] | {"id": f"{prefix}-{which}-{number}"}
            payment_events.receive("stripe", stripe_events.read(event))
        balances.add(balance(shopper))
    left = sum(expected({number for which, number in told if which == one}) for one in range(2))
    assert balances == {usd("1.00") + left * fake_stripe.CENT}
    assert check.findings() == []


def test_the_words_for_what_happened_are_stored_with_the_event(dana: till.Customer, top_up: TopUp) -> None:
    ok(dispute(top_up, 2500), session(top_up))
    stored = PaymentEvent.objects.get(kind=FactKind.DISPUTE)
    assert (stored.reason, stored.amount_nanousd, stored.top_up_id) == ("fraudulent", usd("25.00"), top_up.pk)
    assert LedgerEntry.objects.filter(kind=EntryKind.REFUND).get().reason == "Top-up refunded or disputed"
    assert TopUp.objects.get().state == TopUpState.PAID
