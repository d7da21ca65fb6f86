"""A wallet that runs low is told of once, to who wants to hear of it."""

from typing import Any

import pytest

from accounts.models import Membership, Organization
from billing import tasks
from billing.models import AutoTopUp
from clod_site.lib import clock
from clod_site.lib.money import usd
from tests.billing import till
from tests.people import browser

pytestmark = pytest.mark.usefixtures("money")


@pytest.fixture
def dana(money: None) -> till.Customer:
    return till.customer("dana", dollars="0.40")


def look(times: int = 1) -> None:
    for _ in range(times):
        tasks.tend_top_ups()


def test_owners_are_mailed_once_however_often_it_is_looked(dana: till.Customer, mailoutbox: list[Any]) -> None:
    look(3)
    assert [mail.to for mail in mailoutbox] == [["dana@example.org"]]
    assert mailoutbox[0].subject == "The wallet of dana's organization has $0.40 left"
    assert "/billing" in mailoutbox[0].body


def test_a_full_wallet_and_one_that_never_had_money_are_not_low(money: None, mailoutbox: list[Any]) -> None:
    till.customer("rich", dollars="1.00")
    till.customer("new", dollars=None)
    look()
    assert mailoutbox == []


def test_after_it_was_filled_it_is_told_of_again(dana: till.Customer, mailoutbox: list[Any]) -> None:
    look()
    dana.pay_in("1.00")
    look()
    assert len(mailoutbox) == 1, "$1.40 are not low, but not far from it either"
    dana.pay_in("1.00")
    look()
    till.capture(till.authorise(dana.ask(usd("2.00"))), usd("2.00"))
    look(2)
    assert len(mailoutbox) == 2


def test_who_does_not_want_it_is_not_mailed(dana: till.Customer, mailoutbox: list[Any]) -> None:
    user = Membership.objects.get(organization=dana.organization).user
    browser(user).post("/settings/mails", {"mails-budget_alerts": "on"})
    look()
    assert mailoutbox == []


def test_a_wallet_that_fills_itself_is_not_told_of(dana: till.Customer, mailoutbox: list[Any]) -> None:
    AutoTopUp.objects.create(
        organization=dana.organization, is_on=True, threshold_nanousd=1, amount_nanousd=usd("5"), changed_at=clock.now()
    )
    look()
    assert mailoutbox == []


def test_a_suspended_organization_is_not_mailed(dana: till.Customer, mailoutbox: list[Any]) -> None:
    Organization.objects.filter(pk=dana.organization.pk).update(suspended_at=clock.now())
    look()
    assert mailoutbox == []
