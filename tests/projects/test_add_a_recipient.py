"""A public key is added to a project: what is refused, and why; who may; who is told."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.sessions.models import Session

from accounts.models import Membership, Role, User
from clod_site.lib import clock, jwe
from projects import leaving
from projects.encryption import policy, recipients
from projects.models import Project, Recipient
from team.models import AuditEvent
from tests.accounts.entering import code_in_mail
from tests.people import browser, join, organization_of, person
from tests.projects import ceremony, pages

pytestmark = pytest.mark.django_db
GOOD = ceremony.key()


def changed(**members: Any) -> str:
    return json.dumps({name: value for name, value in (GOOD.jwk | members).items() if value is not None})


def on_another_curve() -> str:
    numbers = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
    return json.dumps({"kty": "EC", "crv": "P-384", "x": jwe.b64(numbers.x.to_bytes(48)), "y": jwe.b64(numbers.y.to_bytes(48))})


REFUSED = {
    "private": (changed(d=GOOD.d), "This is a private key: it has d."),
    "symmetric": (json.dumps({"kty": "oct", "k": "c2VjcmV0"}), "This is a private key: it has k."),
    "rsa": (json.dumps({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), "The key has to be an EC key on P-256"),
    "ed25519": (changed(kty="OKP", crv="Ed25519", y=None), "The key has to be an EC key on P-256"),
    "secp256k1": (changed(crv="secp256k1"), "The key has to be an EC key on P-256"),
    "p-384": (on_another_curve(), "The key has to be an EC key on P-256"),
    "off the curve": (changed(y=jwe.b64(bytes(31) + b"\1")), "not a point on P-256"),
    "the point of zeros": (changed(x=jwe.b64(bytes(32)), y=jwe.b64(bytes(32))), "not a point on P-256"),
    "beyond the field": (changed(x=jwe.b64(b"\xff" * 32)), "not a point on P-256"),
    "too short": (changed(x=jwe.b64(bytes(31))), "x has to be 32 bytes; it is 31."),
    "too long": (changed(y=jwe.b64(bytes(33))), "y has to be 32 bytes; it is 33."),
    "no y": (changed(y=None), "y has to be 32 bytes; it is 0."),
    "no text": (changed(x=7), "x has to be base64url."),
    "not base64url": (changed(x="é" * 43), "x has to be base64url."),
    "for signing": (changed(use="sig"), "The key says it is not for encrypting"),
    "of another algorithm": (changed(alg="ECDH-ES"), "The key says it is not for encrypting"),
    "not json": ("-----BEGIN PUBLIC KEY-----", "This is no JWK"),
    "deep": ("[" * 4000, "This is no JWK"),
    "a list": (f"[{GOOD.text}]", "This is JSON, but no JWK"),
    "a number": ("7", "This is JSON, but no JWK"),
    "over-long": (changed(kid="k" * 4000), "at most 4000 characters"),
    "nothing": ("", "This field is required"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_key_that_cannot_be_sealed_to_is_refused_and_said_why(alice: User, project: Project, name: str) -> None:
    given, why = REFUSED[name]
    answer = ceremony.add(ceremony.proved(alice, project), project, given)
    assert answer.status_code == 422
    assert why in answer.content.decode().replace("&quot;", '"').replace("&#x27;", "'")
    assert not Recipient.objects.exists()


def test_what_was_sent_of_a_private_key_is_nowhere(alice: User, project: Project, caplog: pytest.LogCaptureFixture) -> None:
    visit = browser(alice)
    answer = ceremony.add(visit, project, changed(d=GOOD.d))
    assert answer.status_code == 422, "refused before it waits in a session for a proof of who sent it"
    assert GOOD.d not in answer.content.decode()
    assert GOOD.d not in caplog.text
    assert all(GOOD.d not in str(session.get_decoded()) for session in Session.objects.all())
    assert not any(GOOD.d in str(event.details) for event in AuditEvent.objects.all())


def test_only_the_point_is_kept(alice: User, project: Project) -> None:
    answer = ceremony.add(ceremony.proved(alice, project), project, changed(kid="mine", use="enc", alg=jwe.ALG, x5c=["…"]))
    recipient = Recipient.objects.get()
    assert answer["Location"] == ceremony.of_recipient(recipient, "prove")
    assert (recipient.jwk, recipient.kid) == (GOOD.jwk, GOOD.kid)
    assert (recipient.created_by, recipient.proven_at) == (alice, None)


def test_a_key_written_otherwise_is_no_second_key(alice: User, project: Project) -> None:
    """Bits of the last character that no byte has would give the same point another fingerprint."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(GOOD.jwk["x"][-1]) + 1]
    answer = ceremony.add(ceremony.proved(alice, project), project, changed(x=GOOD.jwk["x"][:-1] + last))
    assert "x has to be base64url." in answer.content.decode()
    assert not Recipient.objects.exists()


def test_nothing_is_sealed_to_it_before_it_is_proven(alice: User, project: Project) -> None:
    ceremony.add(ceremony.proved(alice, project), project, GOOD.text)
    assert not policy.in_use(project.pk).exists()
    assert "waits for proof" in browser(alice).get(pages.of(project, "encryption")).content.decode()


def test_the_form_sent_twice_adds_one(alice: User, project: Project) -> None:
    visit = ceremony.proved(alice, project)
    places = {ceremony.add(visit, project, GOOD.text, name)["Location"] for name in ("first", "second")}
    assert len(places) == 1
    assert Recipient.objects.get().name == "second"
    assert AuditEvent.objects.filter(deed="bodies.key_add").count() == 1


def test_one_that_is_in_use_is_not_added_again(alice: User, project: Project) -> None:
    _, pair = ceremony.recipient_of(project, name="Safe", proven_at=clock.now())
    answer = ceremony.add(ceremony.proved(alice, project), project, pair.text)
    assert answer.status_code == 422
    assert "This key is a recipient already: Safe." in answer.content.decode()


def test_the_same_key_may_be_in_several_projects(alice: User, project: Project) -> None:
    other = Project.objects.create(organization=project.organization, name="Other")
    visit = ceremony.proved(alice, project)
    for each in (project, other):
        assert ceremony.add(visit, each, GOOD.text).status_code == 302
    assert Recipient.objects.filter(kid=GOOD.kid).count() == 2


def test_there_are_twenty_at_most(alice: User, project: Project) -> None:
    for number in range(recipients.MOST):
        row, _ = ceremony.recipient_of(project, name=f"key {number}")
    visit = ceremony.proved(alice, project)
    answer = ceremony.add(visit, project, GOOD.text)
    assert "20 recipients at most" in answer.content.decode()
    assert "Add a recipient" not in visit.get(pages.of(project, "encryption")).content.decode()
    Recipient.objects.filter(pk=row.pk).update(revoked_at=clock.now(), proven_at=clock.now())
    assert ceremony.add(visit, project, GOOD.text).status_code == 302


def test_an_owner_and_an_admin_add_and_nobody_else(
    alice: User, admin: User, bob: User, viewer: User, charlie: User, project: Project
) -> None:
    address = pages.of(project, "encryption/recipients/new")
    for member in (alice, admin):
        assert ceremony.add(ceremony.proved(member, project), project, ceremony.key().text).status_code == 302
    for other, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert browser(other).get(address).status_code == status
        assert ceremony.add(browser(other), project, ceremony.key().text).status_code == status
    assert browser().get(address)["Location"].startswith("/accounts/login/?next=")
    assert Recipient.objects.count() == 2


def test_who_sends_it_after_a_while_proves_who_they_are_and_it_goes_on(alice: User, project: Project) -> None:
    visit = browser(alice)
    asked = ceremony.add(visit, project, GOOD.text)
    assert "/reauthenticate/" in asked["Location"]
    assert not Recipient.objects.exists()
    visit.get(asked["Location"])
    done = visit.post(asked["Location"], {"code": code_in_mail(), "next": pages.of(project, "encryption/recipients/new")})
    assert done["Location"] == ceremony.of_recipient(Recipient.objects.get(), "prove")


def test_every_owner_is_mailed_whatever_they_chose_and_it_is_in_the_log(
    alice: User, admin: User, bob: User, project: Project, mailoutbox: list[Any]
) -> None:
    Membership.objects.create(organization=organization_of(alice), user=person("olga"), role=Role.OWNER)
    join(organization_of(alice), "dev", Role.DEVELOPER)
    browser(alice).post("/settings/mails", {})
    visit = ceremony.proved(admin, project)
    mailoutbox.clear()
    ceremony.add(visit, project, GOOD.text, "Adam's\nlaptop")
    [mail] = mailoutbox
    assert mail.to == ["alice@example.org", "olga@example.org"]
    assert "Adam (adam@example.org) added the recipient Adam's laptop of Default in " in mail.body
    assert GOOD.kid in mail.body
    assert f"{clock.now():%d %B %Y}" in mail.body
    event = AuditEvent.objects.get(deed="bodies.key_add")
    assert (event.actor_id, event.target_name) == (admin.pk, f"Adam's\nlaptop ({GOOD.kid})")


def test_a_mail_server_that_is_away_undoes_nothing(alice: User, project: Project, settings: Any) -> None:
    visit = ceremony.proved(alice, project)
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 1
    assert ceremony.add(visit, project, GOOD.text).status_code == 302
    assert Recipient.objects.exists()


def test_names_are_only_text(alice: User, project: Project) -> None:
    ceremony.recipient_of(project, name="<script>alert(1)</script>", proven_at=clock.now())
    for tab in ("encryption", "encryption/switch?body_logging=sealed&body_days=30"):
        page = browser(alice).get(pages.of(project, tab)).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


def test_an_owner_takes_recipients_out_with_everything_else(alice: User, project: Project) -> None:
    recipient, pair = ceremony.recipient_of(project, proven_at=clock.now())
    [row] = leaving.exported(project.organization)["projects"]
    assert (row["body_logging"], row["body_days"]) == ("off", 30)
    assert row["recipients"][0] | {"created_at": None} == {
        "name": recipient.name, "public_key": pair.jwk, "kid": pair.kid, "created_at": None,
        "proven_at": recipient.proven_at, "revoked_at": None,
    }  # fmt: skip
