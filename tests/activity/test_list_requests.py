"""The Activity page: whose requests it shows, what it adds up, how it is filtered and paged."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from clod_site.lib import ids
from projects import keys
from projects.models import Project
from tests.activity.log import call
from tests.people import browser, queries_of

HOUR = timedelta(hours=1)


def page(visit: Client, query: str = "", **headers: str) -> str:
    answer = visit.get(f"/activity?{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def public(row: Any) -> str:
    return ids.public("req", row.id)


def test_everybody_of_the_organization_sees_its_requests(alice: User, bob: User, viewer: User, project: Project) -> None:
    row = call(project)
    for person in (alice, bob, viewer):
        assert public(row) in page(browser(person))


def test_charlie_sees_none_of_them(charlie: User, project: Project) -> None:
    row = call(project)
    visit = browser(charlie)
    assert public(row) not in page(visit, "range=all")
    assert public(row) not in page(visit, f"range=all&project={ids.public('proj', project.id)}")


def test_a_visitor_is_sent_to_the_log_in(project: Project) -> None:
    assert browser().get("/activity")["Location"].startswith("/accounts/login/")


def test_an_organization_without_requests_is_shown_how_to_send_one(alice: User, settings: Any) -> None:
    shown = page(browser(alice))
    assert "No request yet" in shown
    assert f"{settings.CLOD_API_URL}/chat/completions" in shown
    assert "CLOD_API_KEY" in shown


def test_the_tiles_add_up_what_the_filter_shows(alice: User, project: Project) -> None:
    call(project, prompt_tokens=1000, completion_tokens=500, cost_nanousd=20_000_000, is_stream=True, ttft_ms=100)
    call(project, prompt_tokens=10, completion_tokens=5, cost_nanousd=30_000_000, is_stream=True, ttft_ms=900)
    call(project, prompt_tokens=0, completion_tokens=0, cost_nanousd=0, ttft_ms=None, status="upstream_error")
    call(project, ago=48 * HOUR, cost_nanousd=10**12)
    totals = browser(alice).get("/activity").context["board"].total
    assert (totals.requests, totals.tokens, totals.cost_nanousd) == (3, 1515, 50_000_000)
    assert totals.percentile_ms("ttft", 0.95) == pytest.approx(900, rel=0.02)
    assert totals.error_rate == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("", True),
        ("model=llama", True),
        ("model=other", False),
        ("status=errors", True),
        ("status=truncated", True),
        ("status=ok", False),
        ("key=studio", False),
        ("range=1h", False),
        ("range=7d", True),
        ("range=nonsense&status=nonsense&project=nonsense%00", None),
    ],
)
def test_filters_narrow_what_is_shown(alice: User, project: Project, query: str, matches: bool | None) -> None:
    api_key, _ = keys.generate(project, name="n8n", actor=alice)
    row = call(project, ago=2 * HOUR, status="truncated", api_key=api_key)
    shown = page(browser(alice), query)
    assert matches is None or (public(row) in shown) is matches


def test_a_key_and_a_project_can_be_chosen(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="n8n", actor=alice)
    other = Project.objects.create(organization=project.organization, name="Other")
    here, there = call(project, api_key=api_key), call(other)
    visit = browser(alice)
    for query in (f"key={api_key.public_id}", f"project={ids.public('proj', project.id)}"):
        shown = page(visit, query)
        assert public(here) in shown
        assert public(there) not in shown


def test_pages_go_on_where_the_last_one_ended_even_when_requests_arrive(alice: User, project: Project) -> None:
    rows = [call(project, ago=timedelta(seconds=60 + number)) for number in range(60)]
    visit = browser(alice)
    first = visit.get("/activity").context["page"]
    call(project, ago=timedelta(0))
    second = visit.get(f"/activity?cursor={first.next_cursor}").context["page"]
    assert [row.id for row in [*first.rows, *second.rows]] == [row.id for row in rows]
    assert second.next_cursor == ""


def test_what_people_named_is_shown_as_text(alice: User, project: Project) -> None:
    evil = "<script>alert(1)</script>"
    api_key, _ = keys.generate(project, name=evil, actor=alice)
    row = call(project, requested_model=evil, api_key=api_key)
    visit = browser(alice)
    for shown in (page(visit), visit.get(f"/activity/{public(row)}").content.decode()):
        assert evil not in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_the_live_refresh_sends_the_rows_alone_and_only_when_something_is_new(alice: User, project: Project) -> None:
    call(project)
    visit = browser(alice)
    seen = visit.get("/activity").context["seen"]
    assert visit.get(f"/activity?seen={seen}", headers={"HX-Request": "true"}).status_code == 204
    row = call(project, ago=timedelta(0))
    part = page(visit, f"seen={seen}", **{"HX-Request": "true"})
    assert public(row) in part
    assert "<html" not in part


@pytest.mark.parametrize("query", ["", "range=all&model=llama&status=ok", "range=all&q=llama", "range=all&key=KEY", "CURSOR"])
def test_many_requests_take_as_many_queries_as_one(alice: User, project: Project, query: str) -> None:
    visit = browser(alice)
    api_key, _ = keys.generate(project, name="n8n", actor=alice)
    cursor = f"cursor={public(call(project, api_key=api_key))}"
    call(project, 2 * HOUR, api_key=api_key)
    address = f"/activity?{query.replace('KEY', api_key.public_id).replace('CURSOR', cursor)}"
    few = queries_of(visit, address)
    for number in range(60):
        call(project, ago=2 * HOUR + timedelta(seconds=number), api_key=api_key)
    assert queries_of(visit, address) == few <= 26
