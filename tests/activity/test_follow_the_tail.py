"""The live tail: what has arrived is told once, also below the newest row, and asking costs one query of the log while nothing has."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from clod_site.lib import ids
from projects.models import Project
from tests.activity.log import call
from tests.people import browser

SECOND = timedelta(seconds=1)
PART = {"HX-Request": "true"}


def seen(visit: Client, query: str = "") -> str:
    return str(visit.get(f"/activity?{query}").context["seen"])


def look(visit: Client, seen: str, query: str = "") -> Any:
    return visit.get(f"/activity?{query}&seen={seen}", headers=PART)


def public(row: Any) -> str:
    return ids.public("req", row.id)


def test_nothing_is_sent_while_nothing_is_new(alice: User, project: Project) -> None:
    call(project)
    visit = browser(alice)
    answer = look(visit, seen(visit))
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_request_that_was_admitted_earlier_but_settled_later_is_news(alice: User, project: Project) -> None:
    call(project, 10 * SECOND)
    visit = browser(alice)
    before = seen(visit)
    slow = call(project, 300 * SECOND)
    assert public(slow) in look(visit, before).content.decode()


def test_what_the_page_is_told_is_told_once(alice: User, project: Project) -> None:
    call(project)
    visit = browser(alice)
    before = seen(visit)
    call(project, SECOND)
    told = look(visit, before)
    assert told.status_code == 200
    assert look(visit, told.context["seen"]).status_code == 204


def test_a_full_page_is_told_of_newer_ones_only(alice: User, project: Project) -> None:
    for number in range(60):
        call(project, (100 + number) * SECOND)
    visit = browser(alice)
    before = seen(visit)
    call(project, 300 * SECOND)
    assert look(visit, before).status_code == 204
    for _ in range(60):
        call(project, SECOND)
    told = look(visit, before)
    assert len(told.context["page"].rows) == 50
    assert told.content.count(b"<tr data-id") == 50


@pytest.mark.parametrize(("query", "status"), [("status=ok", 204), ("status=truncated", 200), ("q=price", 200), ("key=studio", 200)])
def test_only_what_the_filter_shows_is_news(alice: User, project: Project, query: str, status: int) -> None:
    visit = browser(alice)
    call(project)
    before = seen(visit, query)
    call(project, SECOND, status="truncated")
    assert look(visit, before, query).status_code == status


@pytest.mark.parametrize("nonsense", ["", "x", "req_0.1", "req_0000000000000000000000.x"])
def test_who_has_seen_nothing_is_told_everything(alice: User, project: Project, nonsense: str) -> None:
    row = call(project)
    assert public(row) in look(browser(alice), nonsense).content.decode()


def test_rows_can_be_asked_for_alone(alice: User, project: Project) -> None:
    row = call(project)
    part = look(browser(alice), "", "part=rows").content.decode()
    assert public(row) in part
    assert 'id="tiles"' not in part


def test_asking_costs_one_query_of_the_log_with_any_filter(alice: User, project: Project) -> None:
    visit = browser(alice)
    for number in range(20):
        call(project, number * SECOND)
    every = f"range=all&model=llama&status=ok&site=nva&paid=wallet&stream=no&q=llama&project={ids.public('proj', project.id)}"
    for query, named in (("", 0), (every, 1)):
        before = seen(visit, query)
        with CaptureQueriesContext(connection) as queries:
            assert look(visit, before, query).status_code == 204
        assert len([query for query in queries if "activity_" in query["sql"]]) == 1
        assert len(queries) <= 4 + named  # who looks, and whether the project is theirs


def test_charlie_is_told_nothing_of_others(charlie: User, project: Project) -> None:
    visit = browser(charlie)
    before = seen(visit)
    call(project)
    assert look(visit, before).status_code == 204


def test_only_the_newest_page_of_a_time_that_goes_on_is_live(alice: User, project: Project) -> None:
    rows = [call(project, number * SECOND) for number in range(3)]
    visit = browser(alice)
    assert b"data-tail " in visit.get("/activity?range=7d").content
    for query in (f"cursor={public(rows[0])}", "from=2026-01-01&to=2026-01-02"):
        assert b"data-tail " not in visit.get(f"/activity?{query}").content


def test_hidden_columns_are_remembered_and_nonsense_is_passed_over(alice: User, project: Project) -> None:
    call(project)
    visit = browser(alice)
    assert b'data-hides="project"' in visit.get("/activity").content
    visit.cookies["clod_hidden_columns"] = "tick.paid.<script>"
    assert b'data-hides="paid tick"' in visit.get("/activity").content
