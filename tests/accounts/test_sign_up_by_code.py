"""Signing up with an address alone: a code by mail, as in production."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Membership, User
from tests.accounts.entering import code_in_mail
from tests.people import browser

pytestmark = pytest.mark.django_db

DORA = "dora@example.org"
CONFIRM = "/accounts/confirm-email/"


@pytest.fixture(autouse=True)
def mails_verify_addresses(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.EMAIL_HOST = "mail.example.org"


def signing_up(address: str = DORA, **fields: str) -> Client:
    visitor = browser()
    assert visitor.post("/accounts/signup/", {"email": address, **fields})["Location"] == CONFIRM
    return visitor


def test_an_address_and_its_code_are_all_it_takes() -> None:
    visitor = signing_up()
    assert visitor.get("/projects").status_code == 302
    assert visitor.post(CONFIRM, {"code": code_in_mail()})["Location"] == "/welcome"
    assert visitor.get("/welcome").status_code == 200
    assert EmailAddress.objects.get(email=DORA).verified
    assert not User.objects.get(email=DORA).has_usable_password()
    assert Membership.objects.filter(user__email=DORA).count() == 1


def test_the_code_is_read_as_people_type_it() -> None:
    visitor = signing_up()
    assert visitor.post(CONFIRM, {"code": f" {code_in_mail().lower().replace('-', '')} "})["Location"] == "/welcome"


def test_the_page_says_where_the_code_went_and_one_may_start_again() -> None:
    visitor = signing_up("dorra@example.org")
    assert "dorra@example.org" in visitor.get(CONFIRM).content.decode()
    assert visitor.post("/accounts/logout/", {"next": "/accounts/signup/"})["Location"] == "/accounts/signup/"
    visitor.post("/accounts/signup/", {"email": DORA})
    assert visitor.post(CONFIRM, {"code": code_in_mail()})["Location"] == "/welcome"


def test_three_wrong_codes_end_it() -> None:
    visitor = signing_up()
    good = code_in_mail()
    wrong = [visitor.post(CONFIRM, {"code": "BBBB-BBBB"}) for _ in range(3)]
    assert [answer.status_code for answer in wrong] == [200, 200, 302]
    assert visitor.post(CONFIRM, {"code": good})["Location"] != "/welcome"
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_code_opens_nothing_in_another_browser() -> None:
    signing_up()
    assert browser().post(CONFIRM, {"code": code_in_mail()})["Location"] != "/welcome"
    assert not EmailAddress.objects.filter(verified=True).exists()


def test_a_password_may_be_chosen_at_once() -> None:
    visitor = signing_up(password1="lantern-orbit-42")
    visitor.post(CONFIRM, {"code": code_in_mail()})
    assert User.objects.get().check_password("lantern-orbit-42")


def test_an_unverified_address_cannot_log_in_with_its_password() -> None:
    signing_up(password1="lantern-orbit-42")
    visitor = browser()
    answer = visitor.post("/accounts/login/", {"login": DORA, "password": "lantern-orbit-42"})
    assert answer.status_code in {200, 302}
    assert answer.headers.get("Location") != "/models"
    assert visitor.get("/projects").status_code == 302
