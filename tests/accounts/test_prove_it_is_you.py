"""Dangerous things ask once more who is there: by password, or by a code for who has none."""

import pytest
from django.core import mail

from accounts.models import User
from tests.accounts.entering import code_in_mail, logged_in, prove, with_password
from tests.people import browser

SET_PASSWORD, BY_CODE = "/accounts/password/set/", "/accounts/reauthenticate/code/"

pytestmark = pytest.mark.django_db


def test_who_has_a_password_types_it(alice: User) -> None:
    visitor = logged_in(with_password(alice))
    asked = visitor.get("/accounts/2fa/totp/activate/")["Location"]
    assert visitor.post(asked, {"password": "wrong"}).status_code == 200
    assert visitor.get("/accounts/2fa/totp/activate/").status_code == 302
    assert prove(visitor, "/accounts/2fa/totp/activate/").status_code == 302
    assert visitor.get("/accounts/2fa/totp/activate/").status_code == 200


def test_who_has_none_is_mailed_a_code(alice: User) -> None:
    visitor = browser(alice)
    assert prove(visitor, SET_PASSWORD)["Location"] == SET_PASSWORD
    assert mail.outbox[-1].to == [alice.email]
    visitor.post(SET_PASSWORD, {"password1": "harbour-violet-7", "password2": "harbour-violet-7"})
    alice.refresh_from_db()
    assert alice.check_password("harbour-violet-7")


@pytest.mark.parametrize("address", [SET_PASSWORD, "/accounts/2fa/totp/activate/", "/accounts/2fa/webauthn/add/"])
def test_without_the_code_nothing_dangerous_opens(alice: User, address: str) -> None:
    assert browser(alice).get(address)["Location"].startswith(BY_CODE)


def test_another_address_is_added_only_after_the_code(alice: User) -> None:
    visitor = browser(alice)
    asked = visitor.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})
    assert asked["Location"].startswith(BY_CODE)
    assert not alice.emailaddress_set.filter(email="new@example.org").exists()  # type: ignore[attr-defined]
    visitor.get(asked["Location"])
    visitor.post(asked["Location"], {"code": code_in_mail()})
    assert alice.emailaddress_set.filter(email="new@example.org", verified=False).exists()  # type: ignore[attr-defined]


def test_the_page_opened_again_sends_no_second_code(alice: User) -> None:
    visitor = browser(alice)
    for _ in range(3):
        visitor.get(BY_CODE)
    assert len(mail.outbox) == 1


def test_three_wrong_codes_end_a_code(alice: User) -> None:
    visitor = browser(alice)
    visitor.get(BY_CODE)
    good = code_in_mail()
    assert [visitor.post(BY_CODE, {"code": "BBBB-BBBB"}).status_code for _ in range(3)] == [200, 200, 302]
    visitor.post(BY_CODE, {"code": good})
    assert visitor.get(SET_PASSWORD).status_code == 302


def test_codes_to_one_address_are_bounded(alice: User) -> None:
    visitor = browser(alice)
    for _ in range(5):
        visitor.get(BY_CODE)
        for _ in range(3):
            visitor.post(BY_CODE, {"code": "BBBB-BBBB"})
    assert len(mail.outbox) == 3
    assert "Too many codes" in visitor.get(BY_CODE).content.decode()


def test_a_code_of_one_person_proves_nothing_for_another(alice: User, charlie: User) -> None:
    hers = browser(alice)
    hers.get(BY_CODE)
    code = code_in_mail()
    his = browser(charlie)
    his.get(BY_CODE)
    his.post(BY_CODE, {"code": code})
    assert his.get(SET_PASSWORD).status_code == 302


def test_a_visitor_is_asked_to_log_in(db: None) -> None:
    assert browser().get(BY_CODE)["Location"].startswith("/accounts/login/")
    assert browser().get(SET_PASSWORD)["Location"].startswith("/accounts/login/")


def test_a_changed_password_logs_out_every_other_device_and_not_this_one(alice: User) -> None:
    with_password(alice)
    here, there = logged_in(alice), logged_in(alice)
    new = "harbour-violet-7"
    here.post("/accounts/password/change/", {"oldpassword": "correct horse battery", "password1": new, "password2": new})
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert (here.get("/projects").status_code, there.get("/projects").status_code) == (200, 302)
