"""Revoking a recipient, replacing it, and removing one that was never proven."""

import pytest

from accounts.models import User
from clod_site.lib import clock, ids
from projects.encryption import policy
from projects.models import BodyLogging, Project, Recipient
from team.models import AuditEvent
from tests.accounts.entering import code_in_mail
from tests.people import browser
from tests.projects import ceremony, pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def recipient(project: Project) -> Recipient:
    return ceremony.recipient_of(project, proven_at=clock.now())[0]


def seal(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(body_logging=BodyLogging.SEALED)


def names_in_use(project: Project) -> list[str]:
    return [row.name for row in policy.in_use(project.pk)]


def test_a_revoked_one_is_sealed_to_no_more_and_it_is_told(alice: User, project: Project, recipient: Recipient, mailoutbox: list) -> None:
    visit = ceremony.proved(alice, project)
    mailoutbox.clear()
    assert "What was sealed before still opens" in visit.get(ceremony.of_recipient(recipient, "revoke")).content.decode()
    assert visit.post(ceremony.of_recipient(recipient, "revoke"))["Location"] == pages.of(project, "encryption")
    assert names_in_use(project) == []
    recipient.refresh_from_db()
    assert recipient.revoked_by == alice
    assert recipient.kid in mailoutbox[0].body
    assert AuditEvent.objects.get(deed="bodies.key_revoke").target_id == ids.public("rec", recipient.pk)
    assert "what was sealed or given to it before it was revoked" in visit.get(pages.of(project, "encryption")).content.decode()


def test_revoking_twice_is_told_once(alice: User, project: Project, recipient: Recipient, mailoutbox: list) -> None:
    visit = ceremony.proved(alice, project)
    mailoutbox.clear()
    for _ in range(2):
        visit.post(ceremony.of_recipient(recipient, "revoke"))
    assert len(mailoutbox) == 1


def test_the_last_one_of_a_sealed_project_is_revoked_only_when_that_is_meant(alice: User, project: Project, recipient: Recipient) -> None:
    seal(project)
    visit, address = ceremony.proved(alice, project), ceremony.of_recipient(recipient, "revoke")
    refused = visit.post(address)
    assert refused.status_code == 422
    assert "nothing is stored any more" in refused.content.decode()
    assert names_in_use(project) == ["Alice's laptop"]
    visit.post(address, {"is_confirmed": "on"})
    assert names_in_use(project) == []
    page = visit.get(pages.of(project, "encryption")).content.decode()
    assert "Nothing is stored: body logging is sealed, and there is no recipient" in page
    assert "bodies not stored: no key to seal to" in visit.get("/projects").content.decode()


def test_with_another_one_nothing_has_to_be_confirmed(alice: User, project: Project, recipient: Recipient) -> None:
    seal(project)
    ceremony.recipient_of(project, "Safe", proven_at=clock.now())
    ceremony.recipient_of(project, "Waits")
    ceremony.proved(alice, project).post(ceremony.of_recipient(recipient, "revoke"))
    assert names_in_use(project) == ["Safe"]


def test_replacing_leads_from_the_new_one_to_revoking_the_old(alice: User, project: Project, recipient: Recipient) -> None:
    seal(project)
    visit, pair, old = ceremony.proved(alice, project), ceremony.key(), ids.public("rec", recipient.pk)
    page = visit.get(f"{pages.of(project, 'encryption/recipients/new')}?replaces={old}").content.decode()
    assert f'name="replaces" value="{old}"' in page
    place = ceremony.add(visit, project, pair.text, "New", replaces=old)["Location"]
    new = Recipient.objects.get(name="New")
    assert place == f"{ceremony.of_recipient(new, 'prove')}?replaces={old}"
    assert f'name="replaces" value="{old}"' in visit.get(place).content.decode()
    asked = ceremony.challenge(visit, new)
    done = ceremony.answer(visit, new, asked, pair.open(asked.sealed)["nonce"], replaces=old)
    assert done["Location"] == ceremony.of_recipient(recipient, "revoke")
    assert names_in_use(project) == ["Alice's laptop", "New"]
    visit.post(done["Location"])
    assert names_in_use(project) == ["New"]


def test_what_is_to_be_replaced_is_of_the_same_project(alice: User, charlie: User, project: Project) -> None:
    theirs, _ = ceremony.recipient_of(charlie.memberships.get().organization.projects.get(), proven_at=clock.now())
    visit = ceremony.proved(alice, project)
    for replaces in (ids.public("rec", theirs.pk), "rec_0", '"><script>'):
        place = ceremony.add(visit, project, ceremony.key().text, replaces=replaces)["Location"]
        assert "replaces" not in place


def test_one_that_waits_is_removed_and_a_proven_one_is_not(alice: User, project: Project, recipient: Recipient) -> None:
    waiting, _ = ceremony.recipient_of(project, "Waits")
    visit = ceremony.proved(alice, project)
    for row in (waiting, recipient):
        visit.post(ceremony.of_recipient(row, "remove"))
    assert [row.name for row in project.recipients.all()] == ["Alice's laptop"]
    assert AuditEvent.objects.filter(deed="bodies.key_remove").count() == 1
    assert visit.post(ceremony.of_recipient(waiting, "prove")).status_code == 404


@pytest.mark.parametrize("deed", ["revoke", "remove"])
def test_it_takes_a_fresh_log_in_and_goes_on_after_it(alice: User, project: Project, recipient: Recipient, deed: str) -> None:
    row = recipient if deed == "revoke" else ceremony.recipient_of(project, "Waits")[0]
    visit, address = browser(alice), ceremony.of_recipient(row, deed)
    asked = visit.post(address)
    assert "/reauthenticate/" in asked["Location"]
    assert project.recipients.filter(revoked_at=None, pk=row.pk).exists()
    visit.get(asked["Location"])
    assert visit.post(asked["Location"], {"code": code_in_mail(), "next": address})["Location"] == pages.of(project, "encryption")
    assert not project.recipients.filter(revoked_at=None, pk=row.pk).exists()


@pytest.mark.parametrize("deed", ["revoke", "remove"])
def test_bob_the_viewer_and_charlie_do_neither(
    bob: User, viewer: User, charlie: User, project: Project, recipient: Recipient, deed: str
) -> None:
    address = ceremony.of_recipient(recipient, deed)
    for person, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert browser(person).post(address).status_code == status
    assert browser().post(address)["Location"].startswith("/accounts/login/?next=")
    assert names_in_use(project) == ["Alice's laptop"]


def test_members_see_the_recipients_and_only_managers_are_offered_to_change_them(
    bob: User, viewer: User, project: Project, recipient: Recipient
) -> None:
    for person in (bob, viewer):
        page = browser(person).get(pages.of(project, "encryption")).content.decode()
        assert "Alice&#x27;s laptop" in page
        assert f"<span>{recipient.kid[:4]}</span> <span>{recipient.kid[4:8]}</span>" in page
        assert f'data-copy="{recipient.kid}"' in page
        for offered in ("Revoke", "Replace", "Add a recipient", "Continue"):
            assert offered not in page
