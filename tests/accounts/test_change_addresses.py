"""Another address: proved by a code, then primary, then the old one goes."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail

from accounts.models import User
from tests.accounts.entering import code_in_mail, logged_in, with_password
from tests.people import PASSWORD, browser, person

PAGE, CONFIRM = "/accounts/email/", "/accounts/confirm-email/"
NEW = "alice@new.example.org"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mails_verify_addresses(settings: Any) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True


def test_an_address_is_added_made_primary_and_the_old_one_removed(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    visitor = logged_in(with_password(alice))
    asked = visitor.post(PAGE, {"action_add": "", "email": NEW})
    assert "/reauthenticate/" in asked["Location"]
    done = visitor.post(asked["Location"], {"password": PASSWORD})
    assert done["Location"] == CONFIRM, "what was sent is done once it is proved"
    assert NEW in visitor.get(CONFIRM).content.decode()
    assert not EmailAddress.objects.filter(email=NEW, verified=True).exists()
    visitor.post(CONFIRM, {"code": code_in_mail()})
    visitor.post(PAGE, {"action_primary": "", "email": NEW})
    alice.refresh_from_db()
    assert alice.email == NEW
    told = [message for message in mail.outbox if "changed" in message.subject]
    assert told
    visitor.post(PAGE, {"action_remove": "", "email": "alice@example.org"})
    assert [row.email for row in EmailAddress.objects.filter(user=alice)] == [NEW]


def test_the_primary_address_cannot_be_removed(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    visitor = logged_in(with_password(alice))
    asked = visitor.post(PAGE, {"action_remove": "", "email": alice.email})
    if "/reauthenticate/" in asked.get("Location", ""):
        visitor.post(asked["Location"], {"password": PASSWORD})
    assert EmailAddress.objects.filter(user=alice, email=alice.email).exists()


def test_somebody_elses_address_is_never_taken(alice: User, charlie: User) -> None:
    for user in (alice, charlie):
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    visitor = logged_in(with_password(charlie))
    asked = visitor.post(PAGE, {"action_add": "", "email": alice.email})
    visitor.post(asked["Location"], {"password": PASSWORD})
    assert mail.outbox[-1].to == [alice.email], "her mailbox, not his"
    visitor.post(CONFIRM, {"code": code_in_mail()})  # and if she told him the code
    assert not EmailAddress.objects.filter(user=charlie, email=alice.email, verified=True).exists()
    assert EmailAddress.objects.get(user=alice).verified


def test_somebody_without_an_organization_still_has_their_account(db: None) -> None:
    loner = person("lou")
    for address in ("/settings/security", PAGE):
        assert browser(loner).get(address).status_code == 200
