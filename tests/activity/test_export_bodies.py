"""Prompts and answers as a file: a line for each body of the filter's requests, ciphertext as it is, and a last line."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from activity import export
from activity.bodies import export as bodies_export
from activity.models import Body
from activity.queries import instant
from clod_site.lib import clock, ids, jwe
from projects.models import Project
from team.models import AuditEvent
from tests.activity import said
from tests.activity.log import call
from tests.people import browser

MINUTE = timedelta(minutes=1)


def rows_of(visit: Client, query: str = "") -> list[dict[str, Any]]:
    """Without the last line, whose count is right."""
    answer = visit.get(f"/activity/bodies.jsonl?{query}")
    assert answer["Content-Disposition"].startswith('attachment; filename="clod-bodies-2')
    *rows, end = map(json.loads, answer.getvalue().decode().splitlines())
    assert (end["object"], end["requests"]) == ("end", len(rows))
    return rows


def test_a_line_for_each_body_that_the_filter_shows(alice: User, project: Project) -> None:
    key = said.private_jwk()
    first, second, _ = (call(project, number * MINUTE, model="m") for number in range(1, 4))
    other = call(project, 9 * MINUTE, model="another")
    stored = said.keep(first, key)
    said.keep(second)
    said.keep(other)
    top, bottom = rows_of(browser(alice), "model=m")
    about = {"project": ids.public("proj", project.pk), "model": "m"}
    assert bottom == about | {
        "request": ids.public("req", second.pk),
        "created_at": instant(second.created_at),
        "sealed": False,
        "body": said.DOCUMENT,
    }
    assert (top["sealed"], "body" in top) == (True, False)
    assert jwe.canonical(top["jwe"]).decode() == stored.content


def test_everybody_who_reads_activity_may_export_it_and_charlie_gets_nothing(
    alice: User, bob: User, viewer: User, charlie: User, project: Project
) -> None:
    said.keep(call(project))
    assert [len(rows_of(browser(person))) for person in (alice, bob, viewer, charlie)] == [1, 1, 1, 0]
    assert browser().get("/activity/bodies.jsonl")["Location"].startswith("/accounts/login/")
    assert browser(alice).head("/activity/bodies.jsonl").status_code == 405


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_every_body_is_in_it_once_in_pages_of_any_size(alice: User, project: Project, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [call(project, number * MINUTE) for number in range(1, 8)]
    for row in rows[::2]:
        said.keep(row)
    monkeypatch.setattr(bodies_export, "AT_ONCE", size)
    monkeypatch.setattr(export, "AT_ONCE", 3)
    assert [row["request"] for row in rows_of(browser(alice))] == [ids.public("req", row.pk) for row in rows[::2]]


def test_a_body_with_line_breaks_stays_on_its_line(alice: User, project: Project) -> None:
    row = call(project)
    said.keep(row, content=json.dumps(said.DOCUMENT, indent=2))
    assert rows_of(browser(alice))[0]["body"] == said.DOCUMENT


def test_one_that_was_spoilt_in_the_database_does_not_break_the_file(alice: User, project: Project) -> None:
    said.keep(call(project), said.private_jwk(), content="{")
    assert rows_of(browser(alice))[0]["jwe"] is None


def test_one_whose_days_are_over_is_not_in_it(alice: User, project: Project) -> None:
    said.keep(call(project))
    Body.objects.update(delete_at=clock.now())
    assert rows_of(browser(alice)) == []


def test_the_audit_log_says_who_exported_which(viewer: User, project: Project) -> None:
    rows_of(browser(viewer), "status=ok")
    event = AuditEvent.objects.get(deed="bodies.export")
    assert (event.organization, event.actor_email, event.target_name) == (project.organization, viewer.email, "status=ok")


def test_a_file_that_breaks_off_has_no_last_line(alice: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies_export, "AT_ONCE", 1)
    for number in range(1, 4):
        said.keep(call(project, number * MINUTE))
    pieces = iter(browser(alice).get("/activity/bodies.jsonl").streaming_content)
    assert b'"end"' not in next(pieces) + next(pieces)
