"""Only who opens the challenge of a recipient with its private key has proved it."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import User
from clod_site.lib import clock, ids, jwe
from projects.encryption import policy
from projects.models import BodyLogging, Project, Recipient
from team.models import AuditEvent
from tests.accounts.entering import code_in_mail
from tests.people import browser
from tests.projects import ceremony, pages

pytestmark = pytest.mark.django_db


def is_in_use(recipient: Recipient) -> bool:
    return policy.in_use(recipient.project_id).filter(pk=recipient.pk).exists()


def test_the_answer_proves_it_and_it_is_told(alice: User, project: Project, mailoutbox: list[Any]) -> None:
    recipient, pair = ceremony.recipient_of(project)
    visit = ceremony.proved(alice, project)
    asked = ceremony.challenge(visit, recipient)
    mailoutbox.clear()
    done = ceremony.answer(visit, recipient, asked, pair.open(asked.sealed)["nonce"])
    assert done["Location"] == f"{pages.of(project, 'encryption/switch')}?body_logging=sealed&body_days=30"
    assert is_in_use(recipient)
    assert [each.kid for each in policy.of(Project(pk=project.pk, body_logging=BodyLogging.SEALED)).recipients] == [pair.kid]
    assert "proved to hold the key of the recipient Alice's laptop" in mailoutbox[0].body
    assert AuditEvent.objects.filter(deed="bodies.key_prove").count() == 1


def test_the_challenge_is_bound_to_purpose_project_and_key(alice: User, project: Project) -> None:
    recipient, pair = ceremony.recipient_of(project)
    asked = ceremony.challenge(ceremony.proved(alice, project), recipient)
    bound = json.loads(jwe.from_b64(asked.sealed["aad"]))
    assert bound == {"v": 1, "purpose": "prove", "project": ids.public("proj", project.pk), "kid": pair.kid}
    nonce = pair.open(asked.sealed)["nonce"]
    assert nonce not in asked.note


@pytest.mark.parametrize("wrong", ["", "guess", "x" * 200, "\0"])
def test_a_wrong_answer_proves_nothing_and_the_next_challenge_is_another(alice: User, project: Project, wrong: str) -> None:
    recipient, _ = ceremony.recipient_of(project)
    visit = ceremony.proved(alice, project)
    asked = ceremony.challenge(visit, recipient)
    answer = ceremony.answer(visit, recipient, asked, wrong)
    assert answer.status_code == 422
    assert "not the answer to this challenge" in answer.content.decode()
    assert asked.note not in answer.content.decode()
    assert not is_in_use(recipient)


def test_after_ten_minutes_it_is_no_longer_good(alice: User, project: Project) -> None:
    recipient, pair = ceremony.recipient_of(project)
    visit = ceremony.proved(alice, project)
    asked = ceremony.challenge(visit, recipient)
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        later = ceremony.proved(alice, project)
        answer = ceremony.answer(later, recipient, asked, pair.open(asked.sealed)["nonce"])
    assert "longer than ten minutes" in answer.content.decode()
    assert not is_in_use(recipient)


def test_a_challenge_of_one_person_or_recipient_is_none_of_another(alice: User, admin: User, project: Project) -> None:
    recipient, pair = ceremony.recipient_of(project)
    other, _ = ceremony.recipient_of(project, "Other")
    hers, his = ceremony.proved(alice, project), ceremony.proved(admin, project)
    asked = ceremony.challenge(hers, recipient)
    nonce = pair.open(asked.sealed)["nonce"]
    for visit, target in ((his, recipient), (hers, other)):
        answer = ceremony.answer(visit, target, asked, nonce)
        assert "for another recipient or person" in answer.content.decode()
        assert not is_in_use(target)


@pytest.mark.parametrize("note", ["", "x:y:z", "{}"])
def test_a_note_that_is_not_ours_proves_nothing(alice: User, project: Project, note: str) -> None:
    recipient, _ = ceremony.recipient_of(project)
    visit = ceremony.proved(alice, project)
    answer = ceremony.answer(visit, recipient, ceremony.Asked({}, note), "x")
    assert answer.status_code == 422
    assert not is_in_use(recipient)


def test_two_tabs_have_a_challenge_each_and_both_are_good(alice: User, project: Project, mailoutbox: list[Any]) -> None:
    recipient, pair = ceremony.recipient_of(project)
    visit = ceremony.proved(alice, project)
    tabs = [ceremony.challenge(visit, recipient) for _ in range(2)]
    mailoutbox.clear()
    for asked in (*tabs, tabs[0]):
        assert ceremony.answer(visit, recipient, asked, pair.open(asked.sealed)["nonce"]).status_code == 302
    assert is_in_use(recipient)
    assert len(mailoutbox) == AuditEvent.objects.filter(deed="bodies.key_prove").count() == 1


def test_a_revoked_one_is_proven_again_by_a_new_challenge_only(alice: User, project: Project) -> None:
    recipient, pair = ceremony.recipient_of(project)
    visit = ceremony.proved(alice, project)
    old = ceremony.challenge(visit, recipient)
    nonce = pair.open(old.sealed)["nonce"]
    ceremony.answer(visit, recipient, old, nonce)
    visit.post(ceremony.of_recipient(recipient, "revoke"))
    assert not is_in_use(recipient)
    assert ceremony.answer(visit, recipient, old, nonce).status_code == 422
    assert not is_in_use(recipient)
    assert ceremony.add(visit, project, pair.text, "Found again")["Location"] == ceremony.of_recipient(recipient, "prove")
    again = ceremony.challenge(visit, recipient)
    ceremony.answer(visit, recipient, again, pair.open(again.sealed)["nonce"])
    recipient.refresh_from_db()
    assert (recipient.name, recipient.revoked_at, recipient.revoked_by) == ("Found again", None, None)
    assert is_in_use(recipient)


def test_what_is_proven_already_is_not_asked_again(alice: User, project: Project) -> None:
    recipient, _ = ceremony.recipient_of(project, proven_at=clock.now())
    assert ceremony.proved(alice, project).get(ceremony.of_recipient(recipient, "prove")).status_code == 302


def test_an_answer_that_was_interrupted_goes_on(alice: User, project: Project) -> None:
    recipient, pair = ceremony.recipient_of(project)
    asked = ceremony.challenge(ceremony.proved(alice, project), recipient)
    visit = browser(alice)
    interrupted = ceremony.answer(visit, recipient, asked, pair.open(asked.sealed)["nonce"])
    assert "/reauthenticate/" in interrupted["Location"]
    visit.get(interrupted["Location"])
    visit.post(interrupted["Location"], {"code": code_in_mail(), "next": ceremony.of_recipient(recipient, "prove")})
    assert is_in_use(recipient)


def test_bob_the_viewer_and_charlie_prove_nothing(bob: User, viewer: User, charlie: User, project: Project) -> None:
    recipient, _ = ceremony.recipient_of(project)
    address = ceremony.of_recipient(recipient, "prove")
    for person, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert browser(person).get(address).status_code == status
        assert browser(person).post(address).status_code == status
    assert browser().get(address)["Location"].startswith("/accounts/login/?next=")


def test_a_recipient_of_another_project_is_not_found_in_this_one(alice: User, charlie: User, project: Project) -> None:
    theirs = charlie.memberships.get().organization.projects.get()
    hers = Project.objects.create(organization=project.organization, name="Other")
    for elsewhere in (theirs, hers):
        recipient, _ = ceremony.recipient_of(elsewhere)
        for deed in ("prove", "revoke", "remove"):
            address = pages.of(project, f"encryption/recipients/{ids.public('rec', recipient.pk)}/{deed}")
            assert browser(alice).post(address).status_code == 404
