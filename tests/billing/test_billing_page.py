"""The Billing page: balance, statement with its filters and as CSV, free requests. Top-ups have files of their own."""

import csv
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import Membership, Role
from billing import ledger
from billing.models import EntryKind, LedgerEntry, Wallet
from clod_site.lib import clock
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


def csv_of(visit: Client, query: str = "") -> list[dict[str, str]]:
    answer = visit.get(f"/billing/statement.csv?{query}")
    assert answer["Content-Disposition"].startswith('attachment; filename="clod-statement-')
    return list(csv.DictReader(b"".join(answer).decode().splitlines()))  # type: ignore[arg-type]


def test_the_statement_can_be_narrowed_to_a_kind_and_a_time(dana: till.Customer) -> None:
    till.capture(till.authorise(dana.ask(usd("0.25"))), usd("0.10"))
    visit = visit_of(dana)
    assert kinds(visit, "") == ["usage", "credit"]
    assert kinds(visit, "kind=usage") == ["usage"]
    assert kinds(visit, "kind=topup") == []
    assert "No entry matches this filter" in page(visit, "kind=topup")
    assert kinds(visit, "kind=nonsense&range=nonsense") == ["usage", "credit"]
    with time_machine.travel(clock.now() + timedelta(days=2)):
        visit = visit_of(dana)
        assert kinds(visit, "range=24h") == []
        assert kinds(visit, "range=7d") == ["usage", "credit"]


def kinds(visit: Client, query: str) -> list[str]:
    return [entry.kind for entry in visit.get(f"/billing?{query}").context["page"].entries]


def test_the_next_page_keeps_the_filter(dana: till.Customer) -> None:
    for _ in range(51):
        dana.pay_in("0.01")
    assert "kind=credit&amp;range=7d&amp;cursor=le_" in page(visit_of(dana), "kind=credit&range=7d")


def test_the_csv_holds_what_the_filter_shows_in_exact_dollars(dana: till.Customer) -> None:
    till.capture(till.authorise(dana.ask(usd("0.25"))), 12_345)
    rows = csv_of(visit_of(dana))
    assert [(row["kind"], row["amount_usd"], row["balance_after_usd"]) for row in rows] == [
        ("usage", "-0.000012345", "0.999987655"),
        ("credit", "1", "1"),
    ]
    assert [row["kind"] for row in csv_of(visit_of(dana), "kind=credit")] == ["credit"]


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_no_reason_is_a_formula_in_a_spreadsheet(dana: till.Customer, reason: str) -> None:
    ledger.credit(dana.wallet.pk, usd("1.00"), key="k", reason=reason)
    assert csv_of(visit_of(dana))[0]["reason"] == f"'{reason}"


def test_charlie_s_csv_is_his_own(dana: till.Customer) -> None:
    charlie = till.customer("charlie", dollars=None)
    assert csv_of(visit_of(charlie)) == []
    assert browser().get("/billing/statement.csv").status_code == 302


def test_a_frozen_wallet_says_so(dana: till.Customer) -> None:
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
