"""Ordering a top-up: on the page and for programs, once for each key, by owners and admins, through Stripe or as test money."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import Membership, Organization, Role
from billing.models import LedgerEntry, PaymentEvent, TopUp, TopUpState
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from team.models import AuditEvent
from tests.billing import fake_stripe, till
from tests.billing.fake_stripe import FakeStripe
from tests.people import browser, person

pytestmark = pytest.mark.usefixtures("money")


@pytest.fixture
def dana(money: None) -> till.Customer:
    return till.customer("dana", dollars="1.00")


def visit_of(customer: till.Customer, role: Role = Role.OWNER) -> Client:
    if role == Role.OWNER:
        return browser(Membership.objects.get(organization=customer.organization, role=Role.OWNER).user)
    user = person(role.value)
    Membership.objects.create(organization=customer.organization, user=user, role=role)
    return browser(user)


def key_of(visit: Client) -> str:
    """The key in the form of the page."""
    return str(visit.get("/billing").context["offer"].key)


def send(visit: Client, amount: str = "25", key: str | None = None, **more: str) -> Any:
    return visit.post("/billing/top-ups/order", {"amount": amount, "idempotency_key": key_of(visit) if key is None else key} | more)


def ask(visit: Client, amount: Any = "25.00", key: str = "k1") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return visit.post("/api/billing/top-ups", {"amount_usd": amount}, content_type="application/json", headers=headers)


# --- test money ---------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_test_money_is_there_at_once_and_marked_everywhere(dana: till.Customer, role: Role) -> None:
    visit = visit_of(dana, role)
    answer = send(visit)
    top_up = TopUp.objects.get()
    assert answer["Location"] == f"/billing/top-ups/{top_up.public_id}"
    assert dana.wallet.balance_nanousd == usd("26.00")
    assert LedgerEntry.objects.get(kind="topup").reason == "Test money"
    for page in ("/billing", "/billing/top-ups", answer["Location"], f"{answer['Location']}/receipt"):
        assert "test money" in visit.get(page).content.decode().lower()


def test_it_is_called_test_money_where_it_is_ordered(dana: till.Customer) -> None:
    assert "Test money pays for requests here and nowhere else" in visit_of(dana).get("/billing").content.decode()


def test_production_without_stripe_says_that_top_ups_are_not_configured(dana: till.Customer, settings: Any) -> None:
    settings.PRODUCTION = True
    visit = visit_of(dana)
    shown = visit.get("/billing").content.decode()
    assert "Top-ups are not configured on this site" in shown
    assert "test money" not in shown.lower()
    assert 'id="top-up"' not in shown
    send(visit, key="k1")
    assert (ask(visit).status_code, ask(visit).json()["error"]["code"]) == (503, "payments_not_configured")
    assert not TopUp.objects.exists()


def test_test_money_cannot_be_made_in_production(settings: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from billing.payments.demo import DemoPayments

    settings.PRODUCTION = True
    with pytest.raises(ImproperlyConfigured):
        DemoPayments()


# --- once for each key ----------------------------------------------------------------------------


def test_two_clicks_are_one_order(dana: till.Customer) -> None:
    visit = visit_of(dana)
    key = key_of(visit)
    assert send(visit, key=key)["Location"] == send(visit, key=key)["Location"]
    assert dana.wallet.balance_nanousd == usd("26.00")


def test_two_tabs_are_one_order_until_one_of_them_is_loaded_again(dana: till.Customer) -> None:
    visit = visit_of(dana)
    one, other = key_of(visit), key_of(visit)
    send(visit, key=one)
    send(visit, key=other)
    assert dana.wallet.balance_nanousd == usd("26.00")
    send(visit)
    assert dana.wallet.balance_nanousd == usd("51.00")


def test_another_amount_under_the_same_key_is_refused(dana: till.Customer) -> None:
    visit = visit_of(dana)
    assert ask(visit, "25.00").status_code == 201
    again, other = ask(visit, "25"), ask(visit, "5.00")
    assert (again.status_code, again.json()["id"]) == (200, TopUp.objects.get().public_id)
    assert (other.status_code, other.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert "An order of $25.00 was made from this form already" in other.json()["error"]["message"]
    assert dana.wallet.balance_nanousd == usd("26.00")


def test_the_page_says_so_too(dana: till.Customer) -> None:
    visit = visit_of(dana)
    key = key_of(visit)
    send(visit, "25", key)
    answer = visit.post("/billing/top-ups/order", {"amount": "5", "idempotency_key": key}, follow=True)
    assert "An order of $25.00 was made from this form already" in answer.content.decode()


def test_the_audit_log_tells_of_an_order_once(dana: till.Customer) -> None:
    visit = visit_of(dana)
    key = key_of(visit)
    for _ in range(2):
        send(visit, "25", key)
    event = AuditEvent.objects.get(deed="money.top_up")
    assert (event.target_name, event.target_id) == ("$25.00", TopUp.objects.get().public_id)


def test_an_order_needs_a_key(dana: till.Customer) -> None:
    visit = visit_of(dana)
    for key in ("", "has space", "x" * 81, "ünicode"):
        answer = visit.post("/billing/top-ups/order", {"amount": "5", "idempotency_key": key}, follow=True)
        assert "Send an Idempotency-Key" in answer.content.decode()
    assert not TopUp.objects.exists()


def test_a_program_that_sends_no_key_is_told(dana: till.Customer) -> None:
    answer = ask(visit_of(dana), key="")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "idempotency_key_required")


def test_two_organizations_with_the_same_key_are_two_orders(dana: till.Customer) -> None:
    erin = till.customer("erin", dollars=None)
    assert [ask(visit_of(customer)).status_code for customer in (dana, erin)] == [201, 201]
    assert (dana.wallet.balance_nanousd, erin.wallet.balance_nanousd) == (usd("26.00"), usd("25.00"))


def test_the_same_key_at_the_same_time_is_one_order_and_one_page(dana: till.Customer, stripe: FakeStripe) -> None:
    visit, answers = visit_of(dana), []

    def order() -> None:
        answers.append(ask(visit).json())
        connection.close()

    threads = [threading.Thread(target=order) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer["id"] for answer in answers} == {TopUp.objects.get().public_id}
    assert len({answer["checkout_url"] for answer in answers}) == len(stripe.journal) == 1


# --- amounts --------------------------------------------------------------------------------------


def test_amounts_that_are_taken(dana: till.Customer) -> None:
    visit = visit_of(dana)
    for amount, cents in {"5": 500, "10000": 1_000_000, "12.34": 1234, "$7.50": 750, "1,000": 100_000, 25: 2500}.items():
        name = ask(visit, amount, key=f"for-{amount}").json()["id"]
        assert TopUp.objects.get(pk=ids.parse_public("top", name)).amount_nanousd == cents * fake_stripe.CENT


def test_amounts_that_are_not(dana: till.Customer) -> None:
    visit = visit_of(dana)
    texts = ["4.99", "10000.01", "", "-5", "5.001", "1e3", "NaN", "Infinity", "1e999999999", "٥٥", "5 000"]
    for amount in [*texts, 25.5, None, True, [], {"a": 1}]:
        answer = ask(visit, amount)
        assert (amount, answer.status_code, answer.json().get("error", {}).get("code")) == (amount, 400, "invalid_amount")
        assert "from $5.00 to $10,000.00" in answer.json()["error"]["message"]
    assert not TopUp.objects.exists()


def test_another_amount_can_be_typed(dana: till.Customer) -> None:
    send(visit_of(dana), "custom", custom="12.34")
    assert dana.wallet.balance_nanousd == usd("13.34")


# --- who ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_bob_and_vera_see_top_ups_and_cannot_order_any(dana: till.Customer, role: Role) -> None:
    send(visit_of(dana))
    top_up = TopUp.objects.get()
    visit = visit_of(dana, role)
    assert 'id="top-up"' not in visit.get("/billing").content.decode()
    assert top_up.public_id in visit.get("/billing/top-ups").content.decode()
    for page in ("", "/receipt"):
        assert visit.get(f"/billing/top-ups/{top_up.public_id}{page}").status_code == 200
    assert send(visit, key="k1").status_code == 403
    assert (ask(visit).status_code, ask(visit).json()["error"]["code"]) == (403, "top_up_not_allowed")
    assert TopUp.objects.count() == 1


def test_to_charlie_it_does_not_exist(dana: till.Customer) -> None:
    send(visit_of(dana))
    name, nobody = TopUp.objects.get().public_id, ids.public("top", ids.uuid7())
    visit = visit_of(till.customer("charlie", dollars=None))
    assert name not in visit.get("/billing/top-ups").content.decode()
    assert visit.get("/api/billing/top-ups").json()["data"] == []
    for page in ("/billing/top-ups/{}", "/billing/top-ups/{}/receipt", "/billing/top-ups/{}/cancelled", "/api/billing/top-ups/{}"):
        theirs, missing = visit.get(page.format(name)), visit.get(page.format(nobody))
        assert theirs.status_code == missing.status_code == 404
        assert theirs.content.replace(name.encode(), b"") == missing.content.replace(nobody.encode(), b"")


def test_a_visitor_is_sent_to_the_log_in(money: None) -> None:
    for page in ("/billing/top-ups", "/billing/top-ups/top_x"):
        assert browser().get(page)["Location"].startswith("/accounts/login/")
    assert browser().get("/api/billing/top-ups").status_code == 403


def test_a_suspended_organization_pays_nothing_in(dana: till.Customer) -> None:
    visit = visit_of(dana)
    Organization.objects.filter(pk=dana.organization.pk).update(suspended_at=clock.now())
    assert ask(visit).status_code == 403


def test_another_site_cannot_order_in_alice_s_name(dana: till.Customer) -> None:
    user = Membership.objects.get(organization=dana.organization).user
    visit = Client(enforce_csrf_checks=True)
    visit.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert send(visit, key="k1").status_code == 403
    assert ask(visit).status_code == 403
    assert not TopUp.objects.exists()


# --- Stripe ---------------------------------------------------------------------------------------


def test_the_payer_goes_to_stripe_and_nothing_is_credited_yet(dana: till.Customer, stripe: FakeStripe) -> None:
    visit = visit_of(dana)
    answer = send(visit)
    top_up = TopUp.objects.get()
    assert answer["Location"] == top_up.checkout_url != ""
    assert (top_up.state, dana.wallet.balance_nanousd) == (TopUpState.PENDING, usd("1.00"))
    path, form = stripe.journal[0]
    assert path == "/v1/checkout/sessions"
    assert (form["line_items[0][price_data][unit_amount]"], form["line_items[0][price_data][currency]"]) == ("2500", "usd")
    assert form["client_reference_id"] == form["metadata[top_up]"] == form["payment_intent_data[metadata][top_up]"] == top_up.public_id
    assert form["customer_email"] == "dana@example.org"
    assert form["success_url"].endswith(f"/billing/top-ups/{top_up.public_id}")
    assert "payment_intent_data[setup_future_usage]" not in form


def test_the_payer_may_let_us_use_the_card_again(dana: till.Customer, stripe: FakeStripe) -> None:
    send(visit_of(dana), saves_method="1")
    form = stripe.journal[0][1]
    assert (form["payment_intent_data[setup_future_usage]"], form["customer_creation"]) == ("off_session", "always")


def test_the_return_page_waits_for_the_webhook_and_then_stops_asking(dana: till.Customer, stripe: FakeStripe) -> None:
    visit = visit_of(dana)
    send(visit)
    top_up = TopUp.objects.get()
    page = f"/billing/top-ups/{top_up.public_id}"
    assert 'hx-trigger="every 2s"' in visit.get(page).content.decode()
    assert visit.get(f"/api{page}").json()["state"] == "pending"
    fake_stripe.send(fake_stripe.session(top_up))
    fragment = visit.get(page, headers={"HX-Request": "true"}).content.decode()
    assert "The money is in the wallet" in fragment
    assert "hx-trigger" not in fragment
    assert "<html" not in fragment
    assert dana.wallet.balance_nanousd == usd("26.00")
    assert visit.get(f"/api{page}").json()["state"] == "paid"


def test_turning_back_changes_nothing_and_offers_to_go_on(dana: till.Customer, stripe: FakeStripe) -> None:
    visit = visit_of(dana)
    send(visit)
    top_up = TopUp.objects.get()
    shown = visit.get(f"/billing/top-ups/{top_up.public_id}/cancelled").content.decode()
    assert "Nothing was charged" in shown
    assert top_up.checkout_url in shown
    fake_stripe.send(fake_stripe.session(top_up))
    assert visit.get(f"/billing/top-ups/{top_up.public_id}/cancelled").status_code == 302


def test_others_are_not_shown_the_payment_page(dana: till.Customer, stripe: FakeStripe) -> None:
    send(visit_of(dana))
    top_up = TopUp.objects.get()
    visit = visit_of(dana, Role.VIEWER)
    assert top_up.checkout_url not in visit.get(f"/billing/top-ups/{top_up.public_id}").content.decode()
    assert visit.get(f"/api/billing/top-ups/{top_up.public_id}").json()["checkout_url"] == ""


def test_with_stripe_away_the_same_key_can_be_tried_again(dana: till.Customer, stripe: FakeStripe) -> None:
    visit, stripe.behaviour = visit_of(dana), "down"
    answer = ask(visit)
    assert (answer.status_code, answer.json()["error"]["code"], answer["Retry-After"]) == (503, "payment_provider_unavailable", "5")
    stripe.behaviour = "ok"
    assert ask(visit).json()["checkout_url"].startswith("https://checkout.stripe.com/")
    assert TopUp.objects.count() == len(stripe.journal) == 1


@pytest.mark.parametrize("behaviour", ["refused", "wrong-key"])
def test_an_order_stripe_does_not_take_has_failed_and_no_secret_is_told(
    dana: till.Customer, stripe: FakeStripe, behaviour: str, caplog: pytest.LogCaptureFixture
) -> None:
    stripe.behaviour = behaviour
    answer = ask(visit_of(dana))
    assert (answer.status_code, answer.json()["error"]["code"]) == (402, "payment_declined")
    assert TopUp.objects.get().state == TopUpState.FAILED
    assert "Stripe refused" in caplog.text
    assert fake_stripe.API_KEY not in caplog.text + answer.content.decode()


def test_orders_nobody_pays_are_limited_and_end(dana: till.Customer, stripe: FakeStripe) -> None:
    import time_machine

    from billing import tasks, topups

    visit = visit_of(dana)
    for number in range(topups.MOST_UNDECIDED):
        assert ask(visit, key=f"k{number}").status_code == 201
    assert (ask(visit, key="one too many").status_code, ask(visit, key="too-many").status_code) == (400, 429)
    first = TopUp.objects.earliest("created_at")
    with time_machine.travel(clock.now() + topups.GIVEN_UP_AFTER * 2):
        tasks.tend_top_ups()
        assert set(TopUp.objects.values_list("state", flat=True)) == {"expired"}
        fake_stripe.send(fake_stripe.session(first))
    first.refresh_from_db()
    assert (first.state, dana.wallet.balance_nanousd) == (TopUpState.PAID, usd("26.00"))


# --- lists ----------------------------------------------------------------------------------------


def test_the_history_is_paged_and_takes_as_many_queries_however_long(dana: till.Customer, django_assert_num_queries: Any) -> None:
    from django.test.utils import CaptureQueriesContext

    visit = visit_of(dana)
    fake_stripe.order(dana.organization)
    visit.get("/billing/top-ups")
    with CaptureQueriesContext(connection) as few:
        visit.get("/billing/top-ups")
    for _ in range(55):
        fake_stripe.order(dana.organization)
    with django_assert_num_queries(len(few)):
        first = visit.get("/billing/top-ups").context["page"]
    rest = visit.get(f"/billing/top-ups?cursor={first.next_cursor}").context["page"]
    assert len({row.pk for row in [*first.rows, *rest.rows]}) == 56
    assert rest.next_cursor == ""
    api = visit.get(f"/api/billing/top-ups?cursor={first.next_cursor}").json()
    assert [row["id"] for row in api["data"]] == [row.public_id for row in rest.rows]


def test_events_keep_no_card(dana: till.Customer, stripe: FakeStripe) -> None:
    top_up = fake_stripe.order(dana.organization)
    card = {
        "payment_method_details": {"card": {"last4": "the last four", "fingerprint": "a fingerprint"}},
        "customer_details": {"email": "x@example.org"},
    }
    fake_stripe.send(fake_stripe.session(top_up, **card))
    stored = str(list(PaymentEvent.objects.values()))
    assert not [text for text in ("the last four", "a fingerprint", "x@example.org") if text in stored]
