"""What was said in one request: told by its page and the drawer, loaded by a request of its own, opened in the reader's browser only."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from clod_site.lib import clock, ids
from projects.models import Project
from tests.activity import said
from tests.activity.log import call
from tests.people import browser, queries_of


def public(row: Any) -> str:
    return ids.public("req", row.pk)


def page_of(visit: Client, row: Any) -> str:
    return visit.get(f"/activity/{public(row)}").content.decode()


def loaded(visit: Client, row: Any) -> dict[str, Any]:
    answer = visit.get(f"/activity/{public(row)}/body")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    found: dict[str, Any] = answer.json()
    return found


def test_everybody_who_reads_activity_reads_a_plain_one(alice: User, bob: User, viewer: User, project: Project) -> None:
    row = call(project)
    said.keep(row)
    expected = {"request": public(row), "project": ids.public("proj", project.pk), "sealed": False, "body": said.DOCUMENT}
    for person in (alice, bob, viewer):
        assert loaded(browser(person), row) == expected


def test_what_is_sealed_is_sent_as_it_is_stored(viewer: User, project: Project) -> None:
    row, key = call(project), said.private_jwk()
    stored = said.keep(row, key)
    told = loaded(browser(viewer), row)
    assert (told["sealed"], "body" in told) == (True, False)
    assert said.jwe.canonical(told["jwe"]).decode() == stored.content


def test_for_charlie_it_does_not_exist(charlie: User, project: Project) -> None:
    row = call(project)
    said.keep(row)
    visit, random_id = browser(charlie), ids.public("req", ids.uuid7())
    theirs, nobodys = visit.get(f"/activity/{public(row)}/body"), visit.get(f"/activity/{random_id}/body")
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content.replace(public(row).encode(), b"") == nobodys.content.replace(random_id.encode(), b"")


def test_a_visitor_is_sent_to_the_log_in(project: Project) -> None:
    assert browser().get(f"/activity/{public(call(project))}/body")["Location"].startswith("/accounts/login/")


def test_nothing_of_it_is_in_the_page_or_the_drawer(alice: User, project: Project) -> None:
    row = call(project)
    said.keep(row)
    drawer = browser(alice).get(f"/activity/{public(row)}", headers={"HX-Request": "true"}).content.decode()
    for shown in (page_of(browser(alice), row), drawer):
        assert f'data-body="{public(row)}" data-state="plain"' in shown
        assert "Capital of France" not in shown


def test_the_page_names_the_keys_that_open_it(alice: User, project: Project) -> None:
    row, known, gone = call(project), said.private_jwk(), said.private_jwk()
    said.recipient(project, known, "Ops <laptop>")
    said.keep(row, known, gone)
    shown = page_of(browser(alice), row)
    assert f'<b>Ops &lt;laptop&gt;</b> <code title="{known["kid"]}">' in shown
    assert f'<code title="{gone["kid"]}">' in shown


def test_without_body_logging_it_says_so_and_where_that_is_changed(alice: User, project: Project) -> None:
    row = call(project)
    why = f"Not stored: body logging of {project.name} is off. What was stored before may have been deleted when it was switched off."
    assert why in page_of(browser(alice), row)
    assert f"/projects/{ids.public('proj', project.pk)}/encryption" in page_of(browser(alice), row)
    assert loaded(browser(alice), row)["why"] == why


def test_older_than_what_is_kept(alice: User, project: Project) -> None:
    Project.objects.update(body_logging="plain", body_days=7)
    row = call(project, timedelta(days=8))
    assert "keeps prompts and answers for 7 days, and this one is older" in page_of(browser(alice), row)


def test_stored_by_a_project_but_not_of_this_one(alice: User, project: Project) -> None:
    Project.objects.update(body_logging="sealed")
    assert "body logging was off when this was sent, there was no key" in page_of(browser(alice), call(project))


def test_one_whose_days_are_over_is_not_read_though_it_is_not_deleted_yet(alice: User, project: Project) -> None:
    row = call(project)
    said.keep(row, delete_at=clock.now() - timedelta(seconds=1))
    assert "why" in loaded(browser(alice), row)
    assert 'data-state="none"' in page_of(browser(alice), row)


def test_one_that_was_spoilt_in_the_database_is_told_as_damaged(alice: User, project: Project) -> None:
    row = call(project)
    said.keep(row, content="<no json>")
    assert loaded(browser(alice), row)["body"] is None


@pytest.mark.parametrize("many", [1, 12])
def test_the_list_makes_no_more_queries_for_bodies(alice: User, project: Project, many: int) -> None:
    call(project)
    visit = browser(alice)
    before = queries_of(visit, "/activity")
    key = said.private_jwk()
    for number in range(many):
        said.keep(call(project, timedelta(minutes=2 + number)), key)
    assert queries_of(visit, "/activity") == before
