"""Sign-up, log-in, codes and resets answer alike for addresses that have an account and those that have none, as in production.

What can take time is compared too: how many passwords are hashed and how many mails are sent.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.accounts.entering import with_password

HIDDEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def as_in_production(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
    settings.EMAIL_HOST = "mail.example.org"
    settings.PRODUCTION = True


@dataclass(frozen=True)
class Seen:
    """What a visitor can tell of an answer, their own address aside."""

    status: int
    leads_to: str
    page: str
    hashes: int
    mails: int


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Seen]:
    hashed: list[str] = []
    for deed in ("encode", "verify"):
        monkeypatch.setattr(Argon2PasswordHasher, deed, _counting(getattr(Argon2PasswordHasher, deed), hashed))

    def seen(address: str, steps: list[tuple[str, dict[str, str]]]) -> Seen:
        """After all steps by one visitor, each a form that is sent; the last page is read."""
        cache.clear()
        hashed.clear()
        mail.outbox.clear()
        visitor = Client(REMOTE_ADDR="192.0.2.1")
        for place, fields in steps:
            answer = visitor.post(place, {name: value.replace("@@", address) for name, value in fields.items()})
        location = answer.get("Location", "")
        page = visitor.get(location).content.decode() if location else answer.content.decode()
        assert all(message.to == [address] for message in mail.outbox)
        return Seen(answer.status_code, location, HIDDEN.sub("", page).replace(address, "@@"), len(hashed), len(mail.outbox))

    return seen


def _counting(hash_it: Callable[..., Any], hashed: list[str]) -> Callable[..., Any]:
    def counted(self: Any, password: str, other: str) -> Any:
        hashed.append(other)
        return hash_it(self, password, other)

    return counted


CONFIRM_EMAIL, CONFIRM_LOGIN, WRONG = "/accounts/confirm-email/", "/accounts/login/code/confirm/", {"code": "BBBB-BBBB"}
SIGN_UP = ("/accounts/signup/", {"email": "@@"})
WITH_PASSWORD = ("/accounts/signup/", {"email": "@@", "password1": "lantern-orbit-42"})
ASK_CODE = ("/accounts/login/code/", {"email": "@@"})
JOURNEYS = {
    "sign up": [SIGN_UP],
    "sign up with a password": [WITH_PASSWORD],
    "sign up with a poor password": [("/accounts/signup/", {"email": "@@", "password1": "12345678"})],
    "sign up, type a wrong code": [SIGN_UP, (CONFIRM_EMAIL, WRONG)],
    "sign up, type three wrong codes": [SIGN_UP, (CONFIRM_EMAIL, WRONG), (CONFIRM_EMAIL, WRONG), (CONFIRM_EMAIL, WRONG)],
    "sign up, ask for another code": [SIGN_UP, (CONFIRM_EMAIL, {"action": "resend"})],
    "log in with a wrong password": [("/accounts/login/", {"login": "@@", "password": "wrong"})],
    "log in without a password": [("/accounts/login/", {"login": "@@"})],
    "ask for a code": [ASK_CODE],
    "ask for a code, type a wrong one": [ASK_CODE, (CONFIRM_LOGIN, WRONG)],
    "ask for a code, type three wrong ones": [ASK_CODE, (CONFIRM_LOGIN, WRONG), (CONFIRM_LOGIN, WRONG), (CONFIRM_LOGIN, WRONG)],
    "ask for a code, ask for another": [ASK_CODE, (CONFIRM_LOGIN, {"action": "resend"})],
    "reset the password": [("/accounts/password/reset/", {"email": "@@"})],
    "too many wrong passwords": [("/accounts/login/", {"login": "@@", "password": "wrong"})] * 6,
    "too many codes": [ASK_CODE] * 4,
}
MAILS_DIFFER = {"sign up, ask for another code", "ask for a code, ask for another"}  # nobody is mailed twice that they have no account


@pytest.mark.parametrize("has_password", [True, False])
@pytest.mark.parametrize("journey", JOURNEYS)
def test_known_and_unknown_addresses_see_the_same(journey: str, has_password: bool, alice: User, seen: Callable[..., Seen]) -> None:
    if has_password:
        with_password(alice)
    known, unknown = seen(alice.email, JOURNEYS[journey]), seen("nobody@example.org", JOURNEYS[journey])
    assert (known.status, known.leads_to) == (unknown.status, unknown.leads_to)
    assert known.page == unknown.page
    assert known.hashes == unknown.hashes
    assert known.mails == unknown.mails or journey in MAILS_DIFFER


def test_a_member_who_adds_somebody_elses_address_learns_nothing(alice: User, charlie: User) -> None:
    """Either way a code is asked for; only the mail differs, and its owner alone reads it."""
    visitor = Client()
    visitor.force_login(charlie, backend="allauth.account.auth_backends.AuthenticationBackend")
    answers = []
    for address in (alice.email, "nobody@example.org"):
        answer = visitor.post("/accounts/email/", {"action_add": "", "email": address})
        answers.append((answer.status_code, answer.get("Location", "")))
    assert answers[0] == answers[1]
