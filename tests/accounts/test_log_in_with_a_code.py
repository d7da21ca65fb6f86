"""Logging in without a password: a code by mail."""

from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from tests.accounts.entering import code_in_mail, logged_in, with_password
from tests.people import PASSWORD, browser

pytestmark = pytest.mark.django_db

CONFIRM = "/accounts/login/code/confirm/"


def test_an_empty_password_asks_for_a_code(alice: User) -> None:
    visitor = browser()
    assert visitor.post("/accounts/login/", {"login": alice.email})["Location"] == CONFIRM
    assert mail.outbox[-1].to == [alice.email]
    assert visitor.post(CONFIRM, {"code": code_in_mail()})["Location"] == "/models"
    assert visitor.get("/projects").status_code == 200


def test_the_page_for_codes_leads_on_to_where_one_wanted_to_go(alice: User) -> None:
    visitor = browser()
    asked = visitor.post("/accounts/login/code/", {"email": alice.email, "next": "/billing"})
    assert visitor.post(asked["Location"], {"code": code_in_mail(), "next": "/billing"})["Location"] == "/billing"


def test_three_wrong_codes_end_it(alice: User) -> None:
    visitor = browser()
    visitor.post("/accounts/login/", {"login": alice.email})
    good = code_in_mail()
    assert [visitor.post(CONFIRM, {"code": "BBBB-BBBB"}).status_code for _ in range(3)] == [200, 200, 302]
    visitor.post(CONFIRM, {"code": good})
    assert visitor.get("/projects").status_code == 302


def test_a_new_code_can_be_sent_twice(alice: User) -> None:
    visitor = browser()
    visitor.post("/accounts/login/", {"login": alice.email})
    for _ in range(3):
        visitor.post(CONFIRM, {"action": "resend"})
    assert len(mail.outbox) == 3
    assert visitor.post(CONFIRM, {"code": code_in_mail()})["Location"] == "/models"


def test_a_password_still_opens_the_account(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    assert browser().post("/accounts/login/", {"login": alice.email, "password": PASSWORD})["Location"] == "/models"


def test_somebody_switched_off_gets_no_code(alice: User) -> None:
    alice.is_active = False
    alice.save()
    assert browser().post("/accounts/login/", {"login": alice.email})["Location"] == CONFIRM
    assert "There is no account" in str(mail.outbox[-1].body)


@pytest.mark.parametrize("address", ["alice@example.org", "nobody@example.org"])
def test_when_the_mail_server_is_away_the_page_says_so(alice: User, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)
    for place, field in (("/accounts/login/", "login"), ("/accounts/login/code/", "email"), ("/accounts/password/reset/", "email")):
        answer = browser().post(place, {field: address})
        assert answer.status_code == 503
        assert "The mail was not sent" in answer.content.decode()


def test_a_notice_that_cannot_be_mailed_undoes_nothing(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any) -> None:
        raise ConnectionRefusedError

    visitor = logged_in(with_password(alice))
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", away)
    new = {"oldpassword": PASSWORD, "password1": "harbour-violet-7", "password2": "harbour-violet-7"}
    assert visitor.post("/accounts/password/change/", new).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("harbour-violet-7")
