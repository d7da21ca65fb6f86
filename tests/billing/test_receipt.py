"""The receipt of a paid top-up: for everybody in the organization, ready to be printed, honest about test money."""

from datetime import UTC, datetime

import pytest

from accounts.models import Organization, User
from billing.models import TopUp, TopUpState
from clod_site.lib.money import usd
from tests.billing import fake_stripe
from tests.people import browser

PAID = {"state": TopUpState.PAID, "paid_at": datetime(2026, 11, 22, 12, 0, tzinfo=UTC)}


@pytest.fixture
def top_up(organization: Organization, alice: User) -> TopUp:
    return fake_stripe.order(organization, actor=alice, **PAID)


def address(top_up: TopUp) -> str:
    return f"/billing/top-ups/{top_up.public_id}/receipt"


def test_it_says_who_paid_what_and_when(top_up: TopUp, alice: User, bob: User, viewer: User) -> None:
    for user in (alice, bob, viewer):
        shown = browser(user).get(address(top_up)).content.decode()
        for text in (
            top_up.receipt_number,
            "22 November 2026",
            "alice&#x27;s organization",
            "alice@example.org",
            "$25.00",
            top_up.public_id,
        ):
            assert text.lower() in shown.lower()
        assert "test money" not in shown.lower()


def test_test_money_is_marked(top_up: TopUp, alice: User) -> None:
    TopUp.objects.update(provider="demo")
    shown = browser(alice).get(address(top_up)).content.decode()
    assert "Test money: nothing was paid" in shown
    assert "Stripe" not in shown


def test_what_went_back_is_taken_off(top_up: TopUp, alice: User) -> None:
    TopUp.objects.update(reversed_nanousd=usd("10.00"))
    shown = browser(alice).get(address(top_up)).content.decode()
    assert "−$10.00" in shown
    assert "<b>$15.00</b>" in shown


def test_nothing_unpaid_has_a_receipt(organization: Organization, alice: User) -> None:
    assert browser(alice).get(address(fake_stripe.order(organization))).status_code == 404


def test_charlie_gets_none(top_up: TopUp, charlie: User) -> None:
    assert browser(charlie).get(address(top_up)).status_code == 404
    assert browser().get(address(top_up))["Location"].startswith("/accounts/login/")


def test_receipts_of_two_orders_have_two_numbers(top_up: TopUp, organization: Organization) -> None:
    assert top_up.receipt_number != fake_stripe.order(organization, **PAID).receipt_number
    assert top_up.receipt_number.startswith("20261122-")
