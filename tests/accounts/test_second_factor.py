"""An authenticator app and recovery codes: a log-in takes one of them, too."""

import json

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from tests.accounts.entering import code_in_mail, logged_in, prove, with_password
from tests.people import PASSWORD, browser

ACTIVATE, SECOND_STEP = "/accounts/2fa/totp/activate/", "/accounts/2fa/authenticate/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def protected(alice: User) -> User:
    """Alice, with an authenticator app and recovery codes."""
    set_up(logged_in(with_password(alice)))
    return alice


def set_up(visitor: Client) -> str:
    """The app's secret."""
    assert prove(visitor, ACTIVATE)["Location"] == ACTIVATE
    form = visitor.get(ACTIVATE).context["form"]
    answer = visitor.post(ACTIVATE, {"code": code_of(form.secret)})
    assert answer["Location"] == "/accounts/2fa/recovery-codes/", answer.content.decode()
    return str(form.secret)


def code_of(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, next(totp.yield_hotp_counters_from_time())))


def at_second_step(user: User) -> Client:
    visitor = browser()
    assert visitor.post("/accounts/login/", {"login": user.email, "password": PASSWORD})["Location"] == SECOND_STEP
    assert visitor.get("/projects").status_code == 302
    return visitor


def secret_of(user: User) -> str:
    return str(get_adapter().decrypt(Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP).data["secret"]))


def recovery_codes_of(user: User) -> list[str]:
    return list(Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES).wrap().get_unused_codes())


def test_a_log_in_takes_a_code_of_the_app(protected: User) -> None:
    visitor = at_second_step(protected)
    assert "Incorrect code" in visitor.post(SECOND_STEP, {"code": "000000"}).content.decode()
    assert visitor.get("/projects").status_code == 302
    assert visitor.post(SECOND_STEP, {"code": recovery_codes_of(protected)[0]})["Location"] == "/models"


def test_the_app_itself_opens_the_second_step(protected: User) -> None:
    cache.clear()  # this half minute's code was used to set it up
    assert at_second_step(protected).post(SECOND_STEP, {"code": code_of(secret_of(protected))})["Location"] == "/models"


def test_a_recovery_code_is_good_once(protected: User) -> None:
    code = recovery_codes_of(protected)[0]
    assert at_second_step(protected).post(SECOND_STEP, {"code": code})["Location"] == "/models"
    assert at_second_step(protected).post(SECOND_STEP, {"code": code}).status_code == 200


def test_guessing_the_second_factor_ends_after_five_tries(protected: User) -> None:
    visitor = at_second_step(protected)
    for _ in range(5):
        visitor.post(SECOND_STEP, {"code": "000000"})
    assert "Too many" in visitor.post(SECOND_STEP, {"code": recovery_codes_of(protected)[0]}).content.decode()
    assert visitor.get("/projects").status_code == 302


def test_a_code_by_mail_does_not_stand_in_for_it(protected: User) -> None:
    visitor = browser()
    visitor.post("/accounts/login/", {"login": protected.email})
    assert visitor.post("/accounts/login/code/confirm/", {"code": code_in_mail()})["Location"] == SECOND_STEP


def test_its_secrets_are_encrypted_at_rest(protected: User) -> None:
    kept = json.dumps([row.data for row in Authenticator.objects.filter(user=protected)])
    assert secret_of(protected) not in kept
    assert not any(code in kept for code in recovery_codes_of(protected))


@pytest.mark.django_db(transaction=True)  # the mail is sent when it is committed
def test_setting_it_up_and_switching_it_off_is_told_by_mail(alice: User) -> None:
    visitor = logged_in(with_password(alice))
    set_up(visitor)
    assert "[CLōD] An authenticator app was added" in [message.subject for message in mail.outbox]
    visitor.post("/accounts/2fa/totp/deactivate/")
    assert mail.outbox[-1].subject == "[CLōD] The authenticator app was switched off"
    assert not Authenticator.objects.filter(user=alice).exists()


def test_neither_pages_nor_codes_are_shown_without_proof(protected: User) -> None:
    visitor = at_second_step(protected)
    visitor.post(SECOND_STEP, {"code": recovery_codes_of(protected)[0]})
    for address in ("/accounts/2fa/recovery-codes/", "/accounts/2fa/recovery-codes/download/", "/accounts/2fa/webauthn/add/"):
        assert "/reauthenticate/" in visitor.get(address)["Location"]


def test_charlie_cannot_touch_a_passkey_of_hers(alice: User, charlie: User) -> None:
    key = Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}})
    visitor = logged_in(with_password(charlie))
    first = f"/accounts/2fa/webauthn/keys/{key.pk}/remove/"
    prove(visitor, first)
    assert visitor.get(first).status_code == visitor.post(first).status_code == 404
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_an_operator_lets_in_who_lost_everything_and_reads_no_secret(protected: User) -> None:
    office = browser(User.objects.create_superuser("olga@example.org"))
    factor = Authenticator.objects.get(user=protected, type=Authenticator.Type.TOTP)
    address = f"/admin/mfa/authenticator/{factor.pk}"
    assert factor.data["secret"] not in office.get(f"{address}/change/").content.decode()
    assert office.post(f"{address}/delete/", {"post": "yes"}).status_code == 302
    assert browser().post("/accounts/login/", {"login": protected.email, "password": PASSWORD})["Location"] == "/models"
