"""Deleting the account: it asks who is there, what is typed, and what others need; the books stay."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from accounts import free_quota, leaving, onboarding
from accounts.models import FormerAddress, FreeQuota, Membership, Organization, Role, User
from activity.models import Request
from billing import check, ledger
from billing.models import AutoTopUp, LedgerEntry, Wallet
from clod_site.lib import clock
from clod_site.lib.money import usd
from projects import keys
from projects.models import ApiKey, Project
from studio import tokens
from studio.models import StudioToken
from team.models import Invitation
from tests.accounts.entering import logged_in, prove, with_password
from tests.activity import log
from tests.meanwhile import uncommitted
from tests.people import PASSWORD, browser, join, organization_of, person

PAGE = "/settings/delete-account"
EVIL = "<script>alert(1)</script>"

pytestmark = pytest.mark.django_db


def at_the_form(user: User) -> Client:
    visitor = logged_in(with_password(user))
    prove(visitor, PAGE)
    return visitor


def delete(visitor: Client, user: User) -> Any:
    return visitor.post(PAGE, {"typed_address": user.email})


def test_it_asks_once_more_who_is_there(alice: User) -> None:
    visitor = logged_in(with_password(alice))
    assert "/reauthenticate/" in delete(visitor, alice)["Location"]
    assert User.objects.filter(email=alice.email).exists()
    assert browser().get(PAGE)["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("typed", ["", "delete", "somebody@example.org"])
def test_it_takes_the_address_typed_in_full(alice: User, typed: str) -> None:
    answer = at_the_form(alice).post(PAGE, {"typed_address": typed})
    assert answer.status_code == 422
    assert User.objects.filter(email=alice.email).exists()


def test_what_was_hers_is_forgotten(alice: User, organization: Organization, project: Project) -> None:
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    api_key, _ = keys.generate(project, name="laptop", actor=alice)
    visitor, elsewhere = at_the_form(alice), logged_in(alice)
    tokens.issue(alice, project, elsewhere.session.session_key or "")
    Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": {}})
    answer = delete(visitor, alice)
    assert answer["Location"] == "/"
    assert "Your account is deleted" in visitor.get("/").content.decode()
    alice.refresh_from_db()
    assert (alice.email, alice.name, alice.is_active) == (f"deleted-{alice.pk}@deleted.invalid", "", False)
    for rows in (EmailAddress, Authenticator, UserSession, Membership, StudioToken):
        assert not rows.objects.exists()
    api_key.refresh_from_db()
    organization.refresh_from_db()
    assert api_key.revoked_at
    assert organization.suspended_at
    assert organization.name == "Deleted organization"
    assert elsewhere.get("/projects").status_code == 302
    assert mail.outbox[-1].to == ["alice@example.org"]


def test_the_address_can_sign_up_again(alice: User) -> None:
    delete(at_the_form(alice), alice)
    assert browser().post("/accounts/signup/", {"email": "alice@example.org"})["Location"] == "/welcome"


def test_the_only_owner_of_others_passes_it_on_first(alice: User, bob: User, organization: Organization) -> None:
    visitor = at_the_form(alice)
    assert "Pass these on first" in visitor.get(PAGE).content.decode()
    answer = delete(visitor, alice)
    assert answer.status_code == 422
    assert organization.name in answer.content.decode().replace("&#x27;", "'")
    assert User.objects.get(pk=alice.pk).is_active
    assert ApiKey.objects.filter(project__organization=organization).exclude(revoked_at=None).count() == 0


def test_with_a_second_owner_the_organization_goes_on(alice: User, organization: Organization, project: Project) -> None:
    api_key, _ = keys.generate(project, name="server", actor=alice)
    heir = join(organization, "olga", Role.OWNER)
    delete(at_the_form(alice), alice)
    organization.refresh_from_db()
    api_key.refresh_from_db()
    assert organization.suspended_at is None
    assert api_key.revoked_at is None
    assert list(organization.members.all()) == [heir]


def test_a_member_leaves_and_the_team_keeps_its_keys(bob: User, viewer: User, organization: Organization, project: Project) -> None:
    api_key, _ = keys.generate(project, name="server", actor=bob)
    for member in (bob, viewer):
        delete(at_the_form(member), member)
        assert not organization.members.filter(pk=member.pk).exists()
    api_key.refresh_from_db()
    assert api_key.revoked_at is None
    assert Organization.objects.get(pk=organization.pk).suspended_at is None


def test_charlie_deletes_himself_only(charlie: User, alice: User) -> None:
    visitor = at_the_form(charlie)
    assert visitor.post(PAGE, {"typed_address": alice.email}).status_code == 422
    delete(visitor, charlie)
    alice.refresh_from_db()
    assert alice.is_active
    assert organization_of(alice).suspended_at is None


def test_a_name_is_only_text_where_it_says_what_ends(alice: User) -> None:
    onboarding.create_organization(EVIL, alice)
    page = at_the_form(alice).get(PAGE).content.decode()
    assert EVIL not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.usefixtures("ledger_db")
def test_the_books_stay_as_they_are() -> None:
    alice = person("alice")
    organization = onboarding.create_personal_organization(alice)
    wallet = Wallet.objects.get(organization=organization)
    ledger.credit(wallet.pk, usd("5.00"), key="gift", reason="test")
    AutoTopUp.objects.create(organization=organization, is_on=True, threshold_nanousd=usd("1"), amount_nanousd=usd("5"))
    before = list(LedgerEntry.objects.values())
    visitor = at_the_form(alice)
    assert "$5.00" in visitor.get(PAGE).content.decode()
    delete(visitor, alice)
    assert list(LedgerEntry.objects.values()) == before
    assert Wallet.objects.get(organization=organization).balance_nanousd == usd("5.00")
    assert not AutoTopUp.objects.get(organization=organization).is_on
    assert [str(finding) for finding in check.findings()] == []


def test_all_of_it_happens_or_nothing(alice: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.generate(project, name="laptop", actor=alice)

    def breaks(*_: Any) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(leaving, "_forget", breaks)
    with pytest.raises(RuntimeError):
        leaving.delete_account(alice)
    assert ApiKey.objects.get().revoked_at is None
    assert Membership.objects.filter(user=alice).exists()
    assert FormerAddress.objects.count() == 0


def test_signing_up_again_brings_no_second_free_requests_of_the_day(alice: User) -> None:
    ends = organization_of(alice).calendar.day_ends(clock.now() + timedelta(minutes=1))
    leaving.delete_account(alice)
    again = User.objects.create_user("alice@example.org")
    onboarding.create_personal_organization(again)
    since = FreeQuota.objects.get(user=again).since
    assert since
    assert since >= ends
    stranger = User.objects.create_user("somebody@example.org")
    onboarding.create_personal_organization(stranger)
    first = FreeQuota.objects.get(user=stranger).since
    assert first
    assert first <= clock.now()


def test_a_former_address_is_remembered_as_a_digest_and_for_the_day_only(alice: User) -> None:
    leaving.delete_account(alice)
    kept = FormerAddress.objects.get()
    assert b"alice" not in bytes(kept.digest)
    other = person("dora")
    free_quota.remember(other, kept.free_from + timedelta(seconds=1))
    assert not FormerAddress.objects.exists()


def test_requests_stay_and_name_nobody(alice: User, project: Project) -> None:
    row = log.call(project, user=alice, price_tick=None)
    leaving.delete_account(alice)
    assert Request.objects.get(pk=row.pk).user.email.endswith("@deleted.invalid")  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_delete_at_once_one_is_told_to_pass_it_on(alice: User, organization: Organization) -> None:
    other = join(organization, "olga", Role.OWNER)
    member = join(organization, "dev", Role.DEVELOPER)
    with uncommitted(lambda: leaving.delete_account(other)), pytest.raises(leaving.MustTransfer):
        leaving.delete_account(alice)
    assert {row.user for row in organization.memberships.select_related("user")} == {alice, member}


def test_what_was_typed_before_the_proof_is_done_after_it(alice: User) -> None:
    visitor = logged_in(with_password(alice))
    asked = delete(visitor, alice)
    done = visitor.post(asked["Location"], {"password": PASSWORD})
    assert done["Location"] == "/"
    assert not User.objects.filter(email="alice@example.org").exists()
    assert visitor.get("/projects").status_code == 302


def test_nobody_is_still_invited_by_who_left_or_to_what_is_closed(bob: User, charlie: User, organization: Organization) -> None:
    for number, (host, to) in enumerate([(bob, organization), (charlie, organization_of(charlie))]):
        fields = {"email": f"{number}@example.org", "digest": bytes([number] * 32), "invited_by": host, "expires_at": clock.now()}
        Invitation.objects.create(organization=to, **fields)
        leaving.delete_account(host)
    assert not Invitation.objects.exists()
