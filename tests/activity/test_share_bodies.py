"""Older bodies for a new recipient: who may, what is taken, and that nothing else of a body changes."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import User
from activity.bodies import sharing
from activity.models import Body
from clod_site.lib import clock, ids, jwe
from projects.models import Project, Recipient
from team.models import AuditEvent
from tests.accounts.entering import logged_in, prove, with_password
from tests.activity import said
from tests.activity.log import call
from tests.people import browser

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def old(project: Project) -> dict[str, str]:
    key = said.private_jwk()
    said.recipient(project, key, "Old key")
    return key


@pytest.fixture
def new(project: Project, old: dict[str, str]) -> Recipient:
    return said.recipient(project, said.private_jwk(), "New key")


def address(recipient: Recipient, part: str = "") -> str:
    return f"/projects/{ids.public('proj', recipient.project_id)}/encryption/share{part}?kid={recipient.kid}"


def entry(recipient: Recipient) -> dict[str, Any]:
    return jwe._wrapped(b"k" * 32, jwe.recipient(recipient.jwk))


def send(visit: Client, recipient: Recipient, entries: dict[Body, dict[str, Any]]) -> Any:
    body = {"kid": recipient.kid, "entries": [{"request": ids.public("req", each.pk), "recipient": made} for each, made in entries.items()]}
    return visit.post(address(recipient, "/entries").split("?")[0], json.dumps(body), content_type="application/json")


def begun(user: User, recipient: Recipient) -> Client:
    visit = logged_in(with_password(user))
    prove(visit, address(recipient))
    assert visit.get(address(recipient)).status_code == 200
    return visit


# --- the page ------------------------------------------------------------------------------------


def test_it_asks_once_more_who_is_there_and_says_how_many_are_missing(alice: User, project: Project, old: Any, new: Recipient) -> None:
    said.keep(call(project), old)
    assert "/reauthenticate/" in logged_in(with_password(alice)).get(address(new))["Location"]
    shown = begun(alice, new).get(address(new)).content.decode()
    assert "1 of 1 sealed body of" in shown
    assert "Old key" in shown
    assert old["kid"] in shown


def test_owners_and_admins_only(alice: User, admin: User, bob: User, viewer: User, project: Project, new: Recipient) -> None:
    begun(admin, new)
    for person in (bob, viewer):
        for part in ("", "/bodies"):
            assert browser(person).get(address(new, part)).status_code == 403
        assert send(browser(person), new, {}).status_code == 403


def test_for_charlie_it_does_not_exist(charlie: User, new: Recipient) -> None:
    for part in ("", "/bodies"):
        assert browser(charlie).get(address(new, part)).status_code == 404
    assert send(browser(charlie), new, {}).status_code == 404


def test_a_visitor_is_sent_to_the_log_in(new: Recipient) -> None:
    for part in ("", "/bodies"):
        assert browser().get(address(new, part))["Location"].startswith("/accounts/login/")
    assert send(browser(), new, {})["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("change", [{"proven_at": None}, {"revoked_at": clock.now()}])
def test_only_a_recipient_in_use(alice: User, new: Recipient, change: dict[str, Any]) -> None:
    Recipient.objects.filter(pk=new.pk).update(**change)
    for part in ("", "/bodies"):
        assert browser(alice).get(address(new, part)).status_code == 404
    assert send(browser(alice), new, {}).status_code == 404


# --- pages of bodies -----------------------------------------------------------------------------


def test_pages_hold_what_is_missing_newest_first(alice: User, project: Project, old: Any, new: Recipient, monkeypatch: Any) -> None:
    monkeypatch.setattr(sharing, "AT_ONCE", 2)
    rows = [call(project, timedelta(minutes=number)) for number in range(1, 6)]
    for row in rows:
        said.keep(row, old)
    said.keep(call(project, timedelta(minutes=9)), old, {"kid": new.kid, **new.jwk})
    said.keep(call(project, timedelta(minutes=10)))
    visit, found, cursor = browser(alice), [], ""
    while cursor is not None:
        page = visit.get(address(new, "/bodies") + f"&cursor={cursor}").json()
        assert len(page["data"]) <= 2
        found += [each["request"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert found == [ids.public("req", row.pk) for row in rows]


def test_pages_of_large_bodies_are_smaller_and_never_empty(project: Project, old: Any, new: Recipient, monkeypatch: Any) -> None:
    monkeypatch.setattr(sharing, "PAGE_CHARACTERS", 10)
    for number in range(1, 4):
        said.keep(call(project, timedelta(minutes=number)), old)
    page = sharing.page(new, "")
    assert len(page.bodies) == 1
    assert page.next_cursor == ids.public("req", page.bodies[0].pk)


# --- entries -------------------------------------------------------------------------------------


def test_an_entry_is_added_and_nothing_else_changes(alice: User, project: Project, old: Any, new: Recipient) -> None:
    body = said.keep(call(project), old)
    before, made = json.loads(body.content), entry(new)
    assert send(begun(alice, new), new, {body: made}).json() == {"added": 1, "refused": []}
    body.refresh_from_db()
    assert json.loads(body.content) == before | {"recipients": [*before["recipients"], made]}
    assert body.kids.split() == [old["kid"], new.kid]
    assert not sharing.missing(new).exists()


def test_the_same_recipient_is_not_added_twice(alice: User, project: Project, old: Any, new: Recipient) -> None:
    body, visit = said.keep(call(project), old), begun(alice, new)
    send(visit, new, {body: entry(new)})
    body.refresh_from_db()
    assert send(visit, new, {body: entry(new)}).json() == {"added": 0, "refused": []}
    assert Body.objects.get().content == body.content


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda made: made["header"].update(alg="ECDH-ES"), "wrapped with ECDH-ES+A256KW"),
        (lambda made: made["header"].update(kid="another"), "for the recipient that was asked for"),
        (lambda made: made["header"].update(apu="QQ"), '"alg", "kid" and "epk"'),
        (lambda made: made.update(ciphertext="QQ"), '"alg", "kid" and "epk"'),
        (lambda made: made.pop("header"), '"alg", "kid" and "epk"'),
        (lambda made: made["header"]["epk"].update(y=made["header"]["epk"]["x"]), "no public key on P-256"),
        (lambda made: made["header"]["epk"].update(d="QQ"), "no public key on P-256"),
        (lambda made: made["header"].update(epk="QQ"), "no public key on P-256"),
        (lambda made: made.update(encrypted_key="QQ"), "has to be 40 bytes; it is 1"),
        (lambda made: made.update(encrypted_key="*"), "has to be base64url"),
        (lambda made: made.update(encrypted_key=5), "has to be base64url"),
    ],
)
def test_what_is_no_entry_is_refused(alice: User, project: Project, old: Any, new: Recipient, change: Change, why: str) -> None:
    body, made = said.keep(call(project), old), entry(new)
    change(made)
    told = send(begun(alice, new), new, {body: made}).json()
    assert told["added"] == 0
    assert why in told["refused"][0]["why"]
    assert Body.objects.get().content == body.content
    assert not AuditEvent.objects.filter(deed="bodies.share").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"recipients": 5}', "{}"])
def test_what_is_stored_but_is_no_jwe_is_refused(alice: User, project: Project, old: Any, new: Recipient, content: str) -> None:
    body = said.keep(call(project), old, content=content)
    assert "no sealed body any more" in send(begun(alice, new), new, {body: entry(new)}).json()["refused"][0]["why"]


def test_bodies_of_another_project_and_plain_ones_are_not_touched(alice: User, project: Project, old: Any, new: Recipient) -> None:
    other = Project.objects.create(organization=project.organization, name="Other")
    theirs, plain = said.keep(call(other), old), said.keep(call(project))
    told = send(begun(alice, new), new, {theirs: entry(new), plain: entry(new)}).json()
    assert (told["added"], len(told["refused"])) == (0, 2)
    assert {body.content for body in Body.objects.all()} == {theirs.content, plain.content}


@pytest.mark.parametrize("sent", ["", "[]", '{"kid": 1}', '{"kid": "x", "entries": [{"request": "r"}]}'])
def test_what_is_no_batch_is_refused_in_words(alice: User, new: Recipient, sent: str) -> None:
    answer = browser(alice).post(address(new, "/entries"), sent, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("These are no entries: ")


def test_too_many_at_once_are_refused(alice: User, project: Project, new: Recipient) -> None:
    rows = {Body(pk=ids.uuid7()): {} for _ in range(sharing.AT_ONCE + 1)}
    assert send(browser(alice), new, rows).json()["error"]["message"] == "At most 20 entries at once."


# --- once a run ----------------------------------------------------------------------------------


def test_without_its_page_nothing_is_taken(alice: User, project: Project, old: Any, new: Recipient) -> None:
    body = said.keep(call(project), old)
    answer = send(browser(alice), new, {body: entry(new)})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_begun")
    assert Body.objects.get().content == body.content


def test_the_audit_log_tells_of_a_run_once_with_its_number(alice: User, project: Project, old: Any, new: Recipient) -> None:
    rows = [said.keep(call(project, timedelta(minutes=number)), old) for number in range(1, 5)]
    visit = begun(alice, new)
    for body in rows[:2]:
        send(visit, new, {body: entry(new)})
    event = AuditEvent.objects.get(deed="bodies.share")
    assert (event.actor_email, event.target_kind, event.target_name) == (alice.email, "recipient", "New key (up to 4 bodies)")
    (told,) = [each for each in mail.outbox if "made older bodies readable" in each.body]
    assert told.to == [alice.email]
    visit.get(address(new))
    send(visit, new, {rows[2]: entry(new)})
    assert AuditEvent.objects.filter(deed="bodies.share").latest("id").target_name == "New key (up to 2 bodies)"
