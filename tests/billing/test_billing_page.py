"""The Billing page: balance, statement, free requests, and test money that counts once."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Membership, Role
from billing import ledger, testmoney
from billing.models import EntryKind, LedgerEntry, Wallet
from clod_site.lib.money import usd
from tests.billing import till
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


def page(visit: Client, query: str = "") -> str:
    answer = visit.get(f"/billing?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_member_sees_the_balance(dana: till.Customer) -> None:
    for role in Role:
        assert "$1.00" in page(visit_of(dana, role))


def test_charlie_sees_his_own_wallet_only(dana: till.Customer) -> None:
    charlie = till.customer("charlie", dollars="7.77")
    shown = page(visit_of(charlie))
    assert "$7.77" in shown
    entry = LedgerEntry.objects.get(wallet=dana.wallet)
    assert entry.reference not in shown
    assert "$1.00" not in page(visit_of(charlie), f"cursor=le_{'0' * 22}")


def test_a_visitor_is_sent_to_the_log_in(money: None) -> None:
    assert browser().get("/billing")["Location"].startswith("/accounts/login/")


def test_what_running_requests_hold_is_shown_and_explained(dana: till.Customer) -> None:
    held = till.authorise(dana.ask(usd("0.25")))
    shown = page(visit_of(dana))
    assert "$0.75 can be spent; $0.25 is held" in shown
    till.capture(held, usd("0.10"))
    shown = page(visit_of(dana))
    assert "$0.90" in shown
    assert "−$0.10" in shown


def test_free_requests_leave_lines_that_are_shown_on_demand(dana: till.Customer) -> None:
    held = till.authorise(dana.ask(free=True))
    till.capture(held, 0)
    visit = visit_of(dana)
    entry = LedgerEntry.objects.get(kind=EntryKind.USAGE)
    assert entry.reference not in page(visit)
    assert entry.reference in page(visit, "free=1")
    assert "<b>99</b> of 100 left" in page(visit)


def test_the_statement_is_paged(dana: till.Customer) -> None:
    for _ in range(60):
        dana.pay_in("0.01")
    visit = visit_of(dana)
    first = visit.get("/billing").context["page"]
    dana.pay_in("0.01")
    second = visit.get(f"/billing?cursor={first.next_cursor}").context["page"]
    shown = [entry.pk for entry in [*first.entries, *second.entries]]
    assert len(shown) == len(set(shown)) == 61
    assert second.next_cursor == ""


def send(visit: Client, form_id: object, amount: str = "5") -> Any:
    return visit.post("/billing/test-money", {"amount": amount, "form_id": str(form_id)})


@pytest.mark.parametrize("role", [Role.OWNER, Role.ADMIN])
def test_test_money_is_added_and_marked(dana: till.Customer, role: Role) -> None:
    visit = visit_of(dana, role)
    assert send(visit, uuid4(), "20").status_code == 302
    assert dana.wallet.balance_nanousd == usd("21.00")
    shown = page(visit)
    assert "$20.00 of test money is in the wallet." in shown
    assert "Test money" in shown


def test_a_form_sent_twice_counts_once(dana: till.Customer) -> None:
    visit, form_id = visit_of(dana), uuid4()
    send(visit, form_id)
    send(visit, form_id)
    assert dana.wallet.balance_nanousd == usd("6.00")


def test_two_organizations_with_the_same_form_id_are_two_credits(dana: till.Customer) -> None:
    other, form_id = till.customer("erin", dollars=None), uuid4()
    send(visit_of(dana), form_id)
    send(visit_of(other), form_id)
    assert (dana.wallet.balance_nanousd, other.wallet.balance_nanousd) == (usd("6.00"), usd("5.00"))


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
def test_others_are_not_offered_it_and_refused(dana: till.Customer, role: Role) -> None:
    visit = visit_of(dana, role)
    assert "Add test money" not in page(visit)
    assert send(visit, uuid4()).status_code == 403
    assert dana.wallet.balance_nanousd == usd("1.00")


def test_production_has_no_test_money(dana: till.Customer, settings: Any) -> None:
    settings.PRODUCTION = True
    visit = visit_of(dana)
    shown = page(visit)
    assert "test money" not in shown.lower()
    assert send(visit, uuid4()).status_code == 403
    assert dana.wallet.balance_nanousd == usd("1.00")


@pytest.mark.parametrize(("form_id", "amount"), [("nonsense", "5"), ("", "5"), (uuid4(), "1000000"), (uuid4(), ""), (uuid4(), "-5")])
def test_a_changed_form_moves_no_money(dana: till.Customer, form_id: object, amount: str) -> None:
    assert send(visit_of(dana), form_id, amount).status_code == 302
    assert dana.wallet.balance_nanousd == usd("1.00")


def test_a_frozen_wallet_says_so(dana: till.Customer) -> None:
    from clod_site.lib import clock

    ledger.freeze([dana.wallet.pk], clock.now())
    assert "This wallet is frozen" in page(visit_of(dana))
    Wallet.objects.update(frozen_at=None)


def test_a_full_statement_takes_as_many_queries_as_an_empty_one(dana: till.Customer, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    visit = visit_of(dana)
    page(visit)
    with CaptureQueriesContext(connection) as counted:
        page(visit)
    for _ in range(20):
        dana.pay_in("0.01")
    with django_assert_num_queries(len(counted)):
        page(visit)


def test_the_amounts_offered_are_exact() -> None:
    assert testmoney.AMOUNTS == {"5": 5 * 10**9, "20": 20 * 10**9, "100": 100 * 10**9}
