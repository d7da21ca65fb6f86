"""Switching body logging: what is said before, what becomes of old bodies, and who may."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client

from accounts.models import User
from activity.models import Body
from clod_site.lib import clock, ids
from projects.encryption import stored
from projects.models import BodyLogging, Project
from team.models import AuditEvent
from tests.accounts.entering import code_in_mail
from tests.meanwhile import uncommitted
from tests.people import browser, queries_of
from tests.projects import ceremony, pages
from tests.projects.test_save_from_an_old_tab import SAID, opened

pytestmark = pytest.mark.django_db
OFF, PLAIN, SEALED = BodyLogging.OFF, BodyLogging.PLAIN, BodyLogging.SEALED


def body(project: Project, days_old: int = 0, kept_days: int = 30, is_sealed: bool = False) -> Body:
    at = clock.now() - timedelta(days=days_old)
    return Body.objects.create(
        id=ids.uuid7(), organization=project.organization, project=project, created_at=at, delete_at=at + timedelta(days=kept_days),
        is_sealed=is_sealed, content="{}",
    )  # fmt: skip


def now(project: Project) -> tuple[str, int]:
    project.refresh_from_db()
    return project.body_logging, project.body_days


def set_to(project: Project, mode: str, days: int = 30) -> None:
    Project.objects.filter(pk=project.pk).update(body_logging=mode, body_days=days)


def look(visit: Client, project: Project, mode: str, days: int = 30) -> str:
    """What is said before it is saved."""
    return visit.get(pages.of(project, f"encryption/switch?body_logging={mode}&body_days={days}")).content.decode()


def save(visit: Client, project: Project, mode: str, days: int = 30, **more: str):
    return visit.post(pages.of(project, "encryption/switch"), {"body_logging": mode, "body_days": days, **more})


def test_a_project_begins_with_nothing_stored(alice: User, project: Project) -> None:
    assert "Prompts and answers of this project are not stored" in browser(alice).get(pages.of(project, "encryption")).content.decode()
    for page in ("/projects", pages.of(project)):
        assert "bodies not stored" in browser(alice).get(page).content.decode()


def test_plain_is_explained_saved_logged_and_mailed(alice: User, project: Project, mailoutbox: list) -> None:
    visit = ceremony.proved(alice, project)
    mailoutbox.clear()
    said = look(visit, project, PLAIN, 7)
    assert "stored as they are, for 7 days. Every member of" in said
    assert "stored already" not in said, "there is nothing to ask about"
    assert now(project) == (OFF, 30), "nothing has happened yet"
    assert save(visit, project, PLAIN, 7)["Location"] == pages.of(project, "encryption")
    assert now(project) == (PLAIN, 7)
    assert "body logging: off → plain\nbody days: 30 → 7" in mailoutbox[0].body
    assert mailoutbox[0].to == [alice.email]
    assert AuditEvent.objects.get(deed="bodies.logging").details == {"body logging": ["off", "plain"], "body days": ["30", "7"]}
    assert "bodies stored for 7 days, not sealed" in visit.get("/projects").content.decode()


def test_sealing_without_a_proven_recipient_leads_to_the_ceremony(alice: User, project: Project) -> None:
    visit = ceremony.proved(alice, project)
    ceremony.recipient_of(project, "Waits")
    ceremony.recipient_of(project, "Gone", proven_at=clock.now(), revoked_at=clock.now())
    for asked in (visit.get(pages.of(project, "encryption/switch?body_logging=sealed&body_days=30")), save(visit, project, SEALED)):
        assert asked["Location"] == pages.of(project, "encryption/recipients/new")
    assert now(project) == (OFF, 30)


def test_sealing_names_who_will_read(alice: User, project: Project) -> None:
    visit = ceremony.proved(alice, project)
    ceremony.recipient_of(project, "Laptop", proven_at=clock.now())
    ceremony.recipient_of(project, "Safe", proven_at=clock.now())
    assert "sealed to Laptop, Safe before they are stored" in look(visit, project, SEALED)
    save(visit, project, SEALED)
    assert now(project) == (SEALED, 30)
    assert "sealed to 2 recipients" in visit.get(pages.of(project, "encryption")).content.decode()
    assert "bodies sealed to 2 keys" in visit.get(pages.of(project)).content.decode()


def test_old_bodies_are_asked_about_and_nothing_is_saved_without_an_answer(alice: User, project: Project) -> None:
    set_to(project, PLAIN)
    body(project)
    visit = ceremony.proved(alice, project)
    assert "1 body is stored already" in look(visit, project, OFF)
    for answer in ({}, {"old": "shorten"}, {"old": "yes"}):
        assert save(visit, project, OFF, **answer).status_code == 422
    assert now(project) == (PLAIN, 30)


def test_kept_ones_stay_until_their_day(alice: User, project: Project) -> None:
    set_to(project, PLAIN)
    row = body(project)
    save(ceremony.proved(alice, project), project, OFF, old="keep")
    assert now(project) == (OFF, 30)
    assert Body.objects.get().delete_at == row.delete_at
    assert "some of them plain" in browser(alice).get(pages.of(project, "encryption")).content.decode()


def test_deleted_ones_are_gone_at_once_and_those_of_other_projects_stay(alice: User, project: Project, mailoutbox: list) -> None:
    other = Project.objects.create(organization=project.organization, name="Other")
    set_to(project, PLAIN)
    for row in (project, project, other):
        body(row)
    visit = ceremony.proved(alice, project)
    mailoutbox.clear()
    save(visit, project, OFF, old="delete")
    assert [row.project_id for row in Body.objects.all()] == [other.pk]
    assert AuditEvent.objects.get(deed="bodies.delete").details == {"bodies": ["2", "0"]}
    assert "deleted prompts and answers of the project Default" in mailoutbox[1].body


def test_a_shorter_time_asks_too_and_holds_for_old_ones_when_wanted(alice: User, project: Project) -> None:
    set_to(project, PLAIN)
    old, young, short = body(project, days_old=10), body(project, days_old=3), body(project, days_old=1, kept_days=2)
    visit = ceremony.proved(alice, project)
    assert "Keep none longer than 7 days" in look(visit, project, PLAIN, 7)
    save(visit, project, PLAIN, 7, old="shorten")
    assert now(project) == (PLAIN, 7)
    assert not Body.objects.filter(pk=old.pk).exists()
    assert Body.objects.get(pk=young.pk).delete_at == young.created_at + timedelta(days=7)
    assert Body.objects.get(pk=short.pk).delete_at == short.delete_at, "nothing is kept longer than it was to be"


def test_a_longer_time_asks_nothing_and_leaves_old_ones_as_they_are(alice: User, project: Project) -> None:
    set_to(project, PLAIN)
    row = body(project)
    visit = ceremony.proved(alice, project)
    assert 'name="old"' not in look(visit, project, PLAIN, 90)
    save(visit, project, PLAIN, 90)
    assert now(project) == (PLAIN, 90)
    assert Body.objects.get().delete_at == row.delete_at


def test_it_is_said_that_plain_ones_do_not_become_sealed(alice: User, project: Project) -> None:
    set_to(project, PLAIN)
    body(project)
    body(project, is_sealed=True)
    ceremony.recipient_of(project, proven_at=clock.now())
    visit = browser(alice)
    assert "those that are plain do not become sealed" in look(visit, project, SEALED)
    set_to(project, SEALED)
    assert "those that are sealed stay sealed" in look(visit, project, PLAIN)


@pytest.mark.parametrize(("mode", "days"), [("plain", "0"), ("plain", "366"), ("plain", "x"), ("open", "30"), ("", "")])
def test_what_cannot_be_is_refused_with_the_page(alice: User, project: Project, mode: str, days: str) -> None:
    visit = ceremony.proved(alice, project)
    assert visit.get(pages.of(project, f"encryption/switch?body_logging={mode}&body_days={days}")).status_code == 422
    assert visit.post(pages.of(project, "encryption/switch"), {"body_logging": mode, "body_days": days}).status_code == 422
    assert now(project) == (OFF, 30)


def test_what_is_so_already_is_no_change(alice: User, project: Project, mailoutbox: list) -> None:
    visit = ceremony.proved(alice, project)
    mailoutbox.clear()
    assert save(visit, project, OFF, 30)["Location"] == pages.of(project, "encryption")
    assert not AuditEvent.objects.filter(deed="bodies.logging").exists()
    assert mailoutbox == []


def test_from_a_page_that_has_become_old_nothing_is_saved(alice: User, project: Project) -> None:
    visit = ceremony.proved(alice, project)
    old = opened(visit, pages.of(project, "encryption"))
    set_to(project, PLAIN, 3)
    answer = visit.post(pages.of(project, "encryption/switch"), {"body_logging": PLAIN, "body_days": 90, **old}, follow=True)
    assert SAID in answer.content.decode()
    assert now(project) == (PLAIN, 3)


@pytest.mark.django_db(transaction=True)
def test_sealing_is_not_undone_by_who_saves_in_the_same_instant(alice: User, project: Project) -> None:
    visit = ceremony.proved(alice, project)
    set_to(project, PLAIN)
    with uncommitted(partial(set_to, project, SEALED)):
        answer = save(visit, project, PLAIN, 90)
    assert SAID in visit.get(answer["Location"]).content.decode()
    assert now(project) == (SEALED, 30)


def test_it_takes_a_fresh_log_in_and_goes_on_after_it(alice: User, project: Project) -> None:
    visit, address = browser(alice), pages.of(project, "encryption/switch")
    asked = save(visit, project, PLAIN)
    assert "/reauthenticate/" in asked["Location"]
    assert now(project) == (OFF, 30)
    visit.get(asked["Location"])
    assert visit.post(asked["Location"], {"code": code_in_mail(), "next": address})["Location"] == pages.of(project, "encryption")
    assert now(project) == (PLAIN, 30)


def test_an_admin_may_and_bob_the_viewer_and_charlie_may_not(admin: User, bob: User, viewer: User, charlie: User, project: Project) -> None:
    for person, status in ((bob, 403), (viewer, 403), (charlie, 404)):
        assert save(browser(person), project, PLAIN).status_code == status
    assert now(project) == (OFF, 30)
    save(ceremony.proved(admin, project), project, PLAIN)
    assert now(project) == (PLAIN, 30)


def test_counting_ends_somewhere(alice: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "MOST", 3)
    for _ in range(5):
        body(project)
    assert str(stored.of(project.pk)) == "3+"


def test_the_page_takes_as_many_queries_for_ten_recipients_as_for_one(alice: User, project: Project) -> None:
    visit, address = browser(alice), pages.of(project, "encryption")
    ceremony.recipient_of(project, proven_at=clock.now(), created_by=alice)
    few = queries_of(visit, address)
    for number in range(9):
        ceremony.recipient_of(project, f"key {number}", created_by=alice)
    assert queries_of(visit, address) == few <= 14


def test_a_recipient_is_offered_the_older_bodies_where_there_are_some(alice: User, bob: User, project: Project) -> None:
    recipient, _ = ceremony.recipient_of(project, proven_at=clock.now())
    share, address = f"{pages.of(project, 'encryption/share')}?kid={recipient.kid}", pages.of(project, "encryption")
    assert share not in browser(alice).get(address).content.decode()
    body(project, is_sealed=True)
    assert share in browser(alice).get(address).content.decode()
    assert share not in browser(bob).get(address).content.decode()
    assert ceremony.proved(alice, project).get(share).status_code == 200
