"""Inviting by mail: a link works once, for one address, for seven days."""

import socket
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail

from accounts.models import Membership, Organization, Role, User
from clod_site.lib import clock
from team import invitations
from team.models import Invitation
from tests.people import browser, owner
from tests.team import posts

EVIL = "<script>alert(1)</script>"


def invite(who: User, email: str = "dora@example.org", role: str = "developer") -> Any:
    return browser(who).post("/team/invitations/new", {"email": email, "role": role})


@pytest.fixture
def invitation(alice: User, organization: Organization) -> Invitation:
    """Dora's, as a developer."""
    assert invite(alice).status_code == 302
    return Invitation.objects.get(organization=organization, email="dora@example.org")


@pytest.fixture
def dora(db: None) -> User:
    """Somebody with an account, and an organization of her own."""
    return owner("dora")


def test_owners_and_admins_invite_and_the_mail_says_who_to_what_and_until_when(
    alice: User, admin: User, organization: Organization
) -> None:
    for person, email in ((alice, "dora@example.org"), (admin, "emil@example.org")):
        answer = invite(person, email, "viewer")
        assert answer["Location"] == "/team"
        assert mail.outbox[-1].to == [email]
        for told in (person.email, organization.name, "viewer", "until"):
            assert told in mail.outbox[-1].body
        assert email in browser(alice).get("/team").content.decode()


def test_developers_viewers_and_outsiders_invite_nobody_into_it(bob: User, viewer: User, charlie: User, organization: Organization) -> None:
    for person in (bob, viewer):
        answer = invite(person)
        assert answer.status_code == 403
        assert "cannot invite members" in answer.content.decode()
        assert browser(person).get("/team/invitations/new").status_code == 403
    invite(charlie)
    assert not Invitation.objects.filter(organization=organization).exists()


def test_no_invitation_makes_an_owner_or_anything_unheard_of(admin: User, alice: User) -> None:
    for role in ("owner", "emperor", ""):
        assert invite(admin, role=role).status_code == 422
        assert invite(alice, role=role).status_code == 422
    assert not Invitation.objects.exists()


def test_somebody_who_is_here_or_invited_already_is_not_invited(alice: User, bob: User, invitation: Invitation) -> None:
    assert "is a member already" in invite(alice, bob.email.upper()).content.decode()
    assert "is invited already" in invite(alice, "DORA@example.org").content.decode()
    assert Invitation.objects.count() == 1


def test_only_a_digest_of_the_link_is_kept(invitation: Invitation) -> None:
    token = posts.link(mail.outbox[0]).rpartition("/")[2]
    assert len(token) >= 40
    assert token.encode() not in bytes(invitation.digest)
    assert len(bytes(invitation.digest)) == 32


def test_dora_joins_with_the_account_she_has(invitation: Invitation, dora: User, organization: Organization) -> None:
    visit, link = browser(dora), posts.link(mail.outbox[0])
    assert "Join as developer" in visit.get(link).content.decode()
    assert Membership.objects.filter(user=dora).count() == 1, "looking is not joining"
    assert visit.post(link)["Location"] == "/projects"
    assert posts.membership(organization, dora).role == Role.DEVELOPER
    assert "alice@example.org" in visit.get("/team").content.decode(), "she works there now"


def test_somebody_new_signs_up_from_the_link_and_comes_back_to_it(invitation: Invitation, organization: Organization) -> None:
    visit, link = browser(), posts.link(mail.outbox[0])
    page = visit.get(link).content.decode()
    assert f"/accounts/signup/?email=dora%40example.org&amp;next={link.replace('/', '%2F')}" in page
    form = {"email": "dora@example.org", "password1": "a lighthouse in the fog", "next": link}
    assert visit.post("/accounts/signup/", form)["Location"] == link
    dora = User.objects.get(email="dora@example.org")
    assert EmailAddress.objects.get(user=dora).verified, "who has the link has read the mail"
    visit.post(link)
    assert posts.membership(organization, dora).role == Role.DEVELOPER


def test_where_addresses_must_be_verified_the_link_is_proof_enough(
    invitation: Invitation, organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ACCOUNT_EMAIL_VERIFICATION", "mandatory")
    monkeypatch.setattr(settings, "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED", True)
    visit, link = browser(), posts.link(mail.outbox[0])
    visit.get(link)
    form = {"email": "dora@example.org", "password1": "a lighthouse in the fog", "next": link}
    assert visit.post("/accounts/signup/", form)["Location"] == link
    assert visit.post(link)["Location"] == "/projects"
    assert len(mail.outbox) == 1, "no code was mailed"


def test_another_address_is_not_proved_by_the_link(invitation: Invitation) -> None:
    visit = browser()
    visit.get(posts.link(mail.outbox[0]))
    visit.post("/accounts/signup/", {"email": "mallory@example.org", "password1": "a lighthouse in the fog"})
    assert not EmailAddress.objects.get(email="mallory@example.org").verified


def test_a_second_verified_address_of_hers_counts_and_an_unverified_one_does_not(invitation: Invitation, charlie: User) -> None:
    address = EmailAddress.objects.create(user=charlie, email="Dora@example.org", verified=False)
    assert not invitations.is_for(invitation, charlie)
    address.verified = True
    address.save()
    assert invitations.is_for(invitation, charlie)


def test_charlie_cannot_join_with_doras_link(invitation: Invitation, charlie: User, organization: Organization) -> None:
    visit, link = browser(charlie), posts.link(mail.outbox[0])
    assert "for another address than yours" in visit.get(link).content.decode()
    visit.post(link)
    assert not Membership.objects.filter(organization=organization, user=charlie).exists()
    assert Invitation.objects.get().accepted_at is None


def test_a_link_works_once(invitation: Invitation, dora: User, organization: Organization) -> None:
    visit, link = browser(dora), posts.link(mail.outbox[0])
    visit.post(link)
    posts.membership(organization, dora).delete()
    assert visit.get(link).status_code == 404
    assert visit.post(link).status_code == 404
    assert not Membership.objects.filter(organization=organization, user=dora).exists()


def test_a_link_works_for_seven_days(invitation: Invitation, dora: User) -> None:
    link = posts.link(mail.outbox[0])
    with time_machine.travel(clock.now() + timedelta(days=6, hours=23)):
        assert browser(dora).get(link).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        answer = browser(dora).get(link)
        assert answer.status_code == 404
        assert "This invitation does not work" in answer.content.decode()
        assert browser(dora).post(link).status_code == 404


def test_a_link_nobody_sent_opens_the_same_page_as_one_that_is_too_old(dora: User) -> None:
    for token in ("x", "x" * 43, "%00", "ā"):
        assert "This invitation does not work" in browser(dora).get(f"/invitations/{token}").content.decode()


def test_sending_again_makes_the_former_link_useless(alice: User, invitation: Invitation, dora: User) -> None:
    with time_machine.travel(clock.now() + timedelta(days=8)):
        assert "expired" in browser(alice).get("/team").content.decode()
        browser(alice).post(posts.of_invitation(invitation, "again"))
        assert len(mail.outbox) == 2
        assert browser(dora).get(posts.link(mail.outbox[0])).status_code == 404
        assert browser(dora).get(posts.link(mail.outbox[1])).status_code == 200


def test_it_is_sent_again_once_a_minute_at_most(alice: User, invitation: Invitation) -> None:
    answer = browser(alice).post(posts.of_invitation(invitation, "again"), follow=True)
    assert "less than a minute ago" in answer.content.decode()
    assert len(mail.outbox) == 1


def test_a_withdrawn_link_opens_nothing(alice: User, invitation: Invitation, dora: User) -> None:
    browser(alice).post(posts.of_invitation(invitation, "withdraw"))
    assert browser(dora).get(posts.link(mail.outbox[0])).status_code == 404
    assert "dora@example.org" not in browser(alice).get("/team", follow=True).content.decode().partition("toasts")[0]


@pytest.mark.parametrize("deed", ["again", "withdraw"])
def test_bob_the_viewer_and_charlie_touch_no_invitation(bob: User, viewer: User, charlie: User, invitation: Invitation, deed: str) -> None:
    for person, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert browser(person).post(posts.of_invitation(invitation, deed)).status_code == status
    for person in (bob, viewer):
        assert invitation.email not in browser(person).get("/team").content.decode()
    assert Invitation.objects.filter(pk=invitation.pk).exists()
    assert len(mail.outbox) == 1


def test_when_the_mail_server_is_away_the_invitation_waits_to_be_sent_again(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
        monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
        monkeypatch.setattr(settings, "EMAIL_PORT", nobody.getsockname()[1])
        answer = browser(alice).post("/team/invitations/new", {"email": "dora@example.org", "role": "viewer"}, follow=True)
    assert "the mail could not be sent" in answer.content.decode()
    assert Invitation.objects.filter(email="dora@example.org").exists()


def test_fifty_are_open_at_most(alice: User, organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    for name in ("dora", "emil", "frida"):
        answer = invite(alice, f"{name}@example.org")
    assert "2 invitations are open" in answer.content.decode()
    assert Invitation.objects.count() == 2


def test_inviting_and_withdrawing_fills_nobodys_mailbox(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_MAILS_TO_ONE", 2)
    monkeypatch.setattr(invitations, "MOST_MAILS_A_DAY", 3)
    for _ in range(3):
        answer = invite(alice)
        Invitation.objects.all().delete()
    assert "was mailed 2 times in 24 hours" in answer.content.decode()
    invite(alice, "emil@example.org")
    assert "has sent 3 invitations in 24 hours" in invite(alice, "frida@example.org").content.decode()
    assert len(mail.outbox) == 3
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert invite(alice).status_code == 302


def test_a_suspended_organization_invites_nobody(alice: User, organization: Organization, invitation: Invitation, dora: User) -> None:
    Organization.objects.filter(pk=organization.pk).update(suspended_at=clock.now())
    assert "is suspended" in invite(alice, "emil@example.org").content.decode()
    assert browser(dora).get(posts.link(mail.outbox[0])).status_code == 404


def test_names_are_only_text_in_pages_and_one_line_in_mails(alice: User, organization: Organization) -> None:
    Organization.objects.filter(pk=organization.pk).update(name=EVIL)
    User.objects.filter(pk=alice.pk).update(name="Alice\nhttps://evil.example " + "x" * 90)
    invite(alice)
    assert mail.outbox[0].subject == f"Join {EVIL} on CLōD"
    assert "Alice https://evil.example xxx" in mail.outbox[0].body.splitlines()[0]
    assert "x" * 61 not in mail.outbox[0].body
    page = browser().get(posts.link(mail.outbox[0])).content.decode()
    assert EVIL not in page
    assert "&lt;script&gt;" in page


def test_in_the_dialog_a_refusal_is_a_fragment_and_success_goes_to_the_team(alice: User, bob: User) -> None:
    headers = {"HX-Request": "true"}
    refused = browser(alice).post("/team/invitations/new", {"email": bob.email, "role": "viewer"}, headers=headers)
    assert refused.status_code == 422
    assert "<html" not in refused.content.decode()
    done = browser(alice).post("/team/invitations/new", {"email": "dora@example.org", "role": "viewer"}, headers=headers)
    assert done["HX-Redirect"] == "/team"
