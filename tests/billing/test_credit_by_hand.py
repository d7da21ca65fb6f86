"""Credits and corrections by staff: a reason, a page that asks once more, one entry however often it is sent."""

import re
import threading
from html import unescape
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse

from billing import by_hand
from billing.models import Hold, LedgerEntry
from clod_site.lib.money import usd
from team.models import AuditEvent
from tests.admin.staff import member
from tests.billing import till
from tests.billing.till import Customer
from tests.people import browser

pytestmark = pytest.mark.usefixtures("money")
REASON = "Goodwill for the outage of 27 November"


@pytest.fixture
def dana(money: None) -> Customer:
    return till.customer(dollars="3.00")


@pytest.fixture
def desk(money: None) -> Client:
    return browser(member("Finance", "fay"))


def address(customer: Customer, deed: str = "credit") -> str:
    return reverse(f"admin:accounts_organization_{deed}", args=[customer.organization.pk])


def form(amount: str, **changes: Any) -> dict[str, str]:
    return {"amount": amount, "reason": REASON, "key": by_hand.new_key()} | changes


def by_staff() -> list[LedgerEntry]:
    return list(LedgerEntry.objects.filter(reference__startswith="hand:").order_by("id"))


def test_the_second_page_shows_the_balance_before_and_after_and_moves_nothing(desk: Client, dana: Customer) -> None:
    page = desk.post(address(dana), form("12.50"))
    assert dict(page.context["step"].facts) == {
        "Credited": "$12.50",
        "Balance now": "$3.00",
        "Balance afterwards": "$15.50",
        "Reason": REASON,
    }
    assert (by_staff(), dana.wallet.balance_nanousd) == ([], usd("3.00"))


def test_confirming_credits_once_with_its_reason_and_who_did_it(desk: Client, dana: Customer) -> None:
    sent = form("12.50", confirmed="yes")
    for _ in range(3):
        assert desk.post(address(dana), sent).status_code == 302
    (entry,) = by_staff()
    assert (entry.kind, entry.amount_nanousd, entry.balance_after_nanousd, entry.reason) == ("credit", usd("12.50"), usd("15.50"), REASON)
    event = AuditEvent.objects.get(deed="money.credit")
    assert (event.actor_email, event.target_name, event.details["reason"]) == ("fay@example.org", "$12.50", ["none", REASON])
    assert LogEntry.objects.get().change_message == f"$12.50 credited; the balance was $15.50 then. {REASON}"
    assert dana.wallet.balance_nanousd == usd("15.50")


def test_many_clicks_at_once_are_one_entry_and_one_audit_row(desk: Client, dana: Customer) -> None:
    sent, cookies = form("5", confirmed="yes"), desk.cookies

    def click() -> None:
        visit = Client()
        visit.cookies = cookies
        assert visit.post(address(dana), sent).status_code == 302
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(by_staff()) == AuditEvent.objects.filter(deed="money.credit").count() == 1
    assert dana.wallet.balance_nanousd == usd("8.00")


def test_a_form_is_of_one_amount(desk: Client, dana: Customer) -> None:
    sent = form("5", confirmed="yes")
    desk.post(address(dana), sent)
    page = desk.post(address(dana), sent | {"amount": "6"})
    assert "used for another amount already" in page.content.decode()
    assert dana.wallet.balance_nanousd == usd("8.00")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"amount": ""}, "Give an amount, such as 25.00."),
        ({"amount": "0"}, "of more than nothing"),
        ({"amount": "-5"}, "is negative"),
        ({"amount": "100000.01"}, "at most $100,000.00"),
        ({"amount": "NaN"}, "NaN"),
        ({"reason": "  "}, "Say why"),
        ({"key": "k"}, "lost its key"),
    ],
)
def test_what_makes_no_sense_is_refused_also_when_it_is_confirmed(desk: Client, dana: Customer, changes: dict[str, str], said: str) -> None:
    page = desk.post(address(dana), form("5", confirmed="yes") | changes)
    assert said in page.content.decode()
    assert by_staff() == []


def test_a_correction_takes_back_what_nothing_holds(desk: Client, dana: Customer) -> None:
    till.authorise(dana.ask(usd("1.00")))
    refused = desk.post(address(dana, "take_back"), form("2.01"))
    assert "Only $2.00 of the balance can be taken" in refused.content.decode()
    raced = desk.post(address(dana, "take_back"), form("2.01", confirmed="yes"))
    assert "take less" in raced.content.decode()
    assert by_staff() == []
    sent = form("2.00", confirmed="yes")
    for _ in range(2):
        assert desk.post(address(dana, "take_back"), sent).status_code == 302
    (entry,) = by_staff()
    assert (entry.kind, entry.amount_nanousd, entry.balance_after_nanousd) == ("adjust", -usd("2.00"), usd("1.00"))
    assert AuditEvent.objects.get(deed="money.correct").target_name == "$2.00"


def test_when_the_ledger_does_not_answer_the_same_button_is_there_to_press_again(
    desk: Client, dana: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = form("5", confirmed="yes")
    with monkeypatch.context() as patch:
        patch.setattr("billing.ledger.desk.CREDIT_TIMEOUT_S", 0)  # it is moved, and nobody hears of it
        page = desk.post(address(dana), sent)
    assert "does not answer right now" in page.content.decode()
    assert page.context["hidden"]["key"] == sent["key"]
    assert desk.post(address(dana), page.context["hidden"]).status_code == 302
    assert len(by_staff()) == AuditEvent.objects.filter(deed="money.credit").count() == 1
    assert dana.wallet.balance_nanousd == usd("8.00")


def test_the_organization_reads_it_on_its_statement(desk: Client, dana: Customer) -> None:
    desk.post(address(dana), form("5", confirmed="yes"))
    owner = dana.organization.members.get()
    assert REASON in browser(owner).get("/billing").content.decode()


@pytest.mark.parametrize("role", ["Support", "Operator"])
def test_other_roles_move_no_money(dana: Customer, role: str) -> None:
    visit = browser(member(role))
    assert visit.post(address(dana), form("5", confirmed="yes")).status_code == 403
    assert by_staff() == []


def test_an_organization_s_page_tells_of_its_money_and_leads_here(desk: Client, dana: Customer) -> None:
    till.authorise(dana.ask(usd("1.00")))
    text = desk.get(reverse("admin:accounts_organization_change", args=[dana.organization.pk])).content.decode()
    assert "$3.00 balance, $1.00 held, $2.00 free to spend" in text
    assert "1 hold $1.00" in text
    assert address(dana) in text
    lists = re.findall(r'href="(/admin/[a-z]+/[a-z]+/\?[^"]+)"', text)
    assert len(lists) == 3  # entries, holds, requests
    assert [desk.get(unescape(each)).status_code for each in lists] == [200, 200, 200]


def test_the_page_tells_what_is_set_aside_for_calls_to_come_from_what_runs(desk: Client, dana: Customer) -> None:
    page = reverse("admin:accounts_organization_change", args=[dana.organization.pk])
    till.authorise(dana.ask(usd("1.00")))
    assert "set aside" not in desk.get(page).content.decode()
    ahead = till.authorise(dana.ask(usd("0.50")))
    Hold.objects.filter(pk=ahead.request_id).update(is_lease=True)
    text = desk.get(page).content.decode()
    assert "1 hold $1.00" in text
    assert "; $0.50 set aside for calls to come" in text


def test_a_form_s_key_moves_money_one_way_alone(desk: Client, dana: Customer) -> None:
    sent = form("2.00", confirmed="yes")
    desk.post(address(dana), sent)
    page = desk.post(address(dana, "take_back"), sent)
    assert "This form was used for another amount already." in page.content.decode()
    assert [(entry.kind, entry.amount_nanousd) for entry in by_staff()] == [("credit", usd("2.00"))]
