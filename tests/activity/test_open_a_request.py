"""One request in full: on its page, in the drawer, and for programs."""

from datetime import timedelta

import pytest

from accounts.models import User
from activity import anatomy, queries
from billing.models import Attempt
from catalog.models import DataCenter
from clod_site.lib import ids
from projects import keys
from projects.models import Project
from tests.activity.log import call
from tests.people import browser


def public(row: object) -> str:
    return ids.public("req", row.id)  # type: ignore[attr-defined]


def test_the_page_tells_time_cost_attempts_and_the_reason(alice: User, project: Project) -> None:
    routing = {"strategy": "energy", "won_by": "cheapest electricity", "candidates": [{"data_center": "dfw", "lost": "$4 dearer"}]}
    row = call(project, is_stream=True, routing=routing)
    Attempt.objects.create(
        request_id=row.id, number=1, endpoint=row.price_tick.endpoint, started_at=row.created_at, latency_ms=1200, outcome="answered"
    )
    shown = browser(alice).get(f"/activity/{public(row)}").content.decode()
    for fact in ("1,000 tokens at $0.45 per million", "$0.00081", "answered", "cheapest electricity", "$4 dearer", "200 ms", "1.20 s"):
        assert fact in shown


@pytest.mark.parametrize(
    ("asked", "opened"),
    [("Llama 3@latency", "llama%40latency"), ("@price", "%40price"), ("gpt-4o@price@latency", "llama%40price%40latency")],
)
def test_studio_opens_it_with_the_strategy_it_was_asked_for_with(alice: User, project: Project, asked: str, opened: str) -> None:
    row = call(project, model="llama", requested_model=asked)
    shown = browser(alice).get(f"/activity/{public(row)}").content.decode()
    assert f'href="/studio?model={opened}&amp;' in shown


def test_the_drawer_gets_the_request_without_the_frame(alice: User, project: Project) -> None:
    row = call(project)
    part = browser(alice).get(f"/activity/{public(row)}", headers={"HX-Request": "true"}).content.decode()
    assert public(row) in part
    assert "<html" not in part


@pytest.mark.parametrize("address", ["/activity/{}", "/api/activity/requests/{}"])
def test_for_charlie_it_does_not_exist(charlie: User, project: Project, address: str) -> None:
    row = call(project)
    visit = browser(charlie)
    random_id = ids.public("req", ids.uuid7())
    theirs, nobodys = visit.get(address.format(public(row))), visit.get(address.format(random_id))
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content.replace(public(row).encode(), b"") == nobodys.content.replace(random_id.encode(), b"")


@pytest.mark.parametrize("text", ["req_", "req_!!!!!!!!!!!!!!!!!!!!!!", "key_0000000000000000000000", "req_" + "z" * 22, "x" * 300])
def test_nonsense_is_a_404(alice: User, text: str) -> None:
    assert browser(alice).get(f"/activity/{text}").status_code == 404


def test_of_an_interrupted_request_the_page_says_what_is_not_known(alice: User, project: Project) -> None:
    row = call(project, status="expired", operation="", prompt_tokens=0, completion_tokens=0, cost_nanousd=459_000, latency_ms=675_319)
    shown = browser(alice).get(f"/activity/{public(row)}").content.decode()
    assert "Its process ended before it could tell how long the request ran. It was settled 11 min 15 s after it began." in shown
    assert [(line.name, line.nanousd) for line in anatomy.cost_lines(row)] == [("Delivered", 459_000), ("Charged", 459_000)]
    assert "<dd>not counted</dd>" in shown
    assert "Waiting" not in shown


def test_the_timeline_covers_the_whole_request(project: Project) -> None:
    parts = anatomy.timeline(call(project, is_stream=True, ttft_ms=300, latency_ms=1200))
    assert [(part.ms, part.start_permille, part.width_permille) for part in parts] == [(300, 0, 250), (900, 250, 750)]
    assert [part.ms for part in anatomy.timeline(call(project, ttft_ms=None, latency_ms=70))] == [70]


def test_an_answer_that_came_whole_is_one_stretch_and_its_speed_counts_all_of_it(project: Project) -> None:
    row = call(project, is_stream=False, ttft_ms=999, latency_ms=1000, completion_tokens=40)
    assert [part.ms for part in anatomy.timeline(row)] == [1000]
    assert anatomy.tokens_per_second(row) == 40


def test_what_was_tried_before_is_a_stretch_of_its_own(alice: User, project: Project) -> None:
    row = call(project, is_stream=True, ttft_ms=700, latency_ms=1000)
    for number, started_ms in ((1, 1), (2, 500)):
        started_at = row.created_at + timedelta(milliseconds=started_ms)
        Attempt.objects.create(
            request_id=row.id, number=number, endpoint=row.price_tick.endpoint, started_at=started_at, latency_ms=499, outcome="timeout"
        )
    parts = anatomy.timeline(row, queries.attempts_of(row))
    assert [(part.name, part.ms) for part in parts] == [("Tries before", 500), ("To the first token", 200), ("Writing the answer", 300)]
    assert sum(part.width_permille for part in parts) == 1000
    assert "Tries before" in browser(alice).get(f"/activity/{public(row)}").content.decode()


@pytest.mark.parametrize("fields", [{"latency_ms": 0}, {"ttft_ms": None}, {"ttft_ms": 5000, "is_stream": True}, {"is_stream": False}])
def test_a_timeline_is_whole_whatever_was_recorded(project: Project, fields: dict[str, object]) -> None:
    row = call(project, **fields)
    attempt = Attempt(number=1, started_at=row.created_at + timedelta(hours=1), latency_ms=1)
    for attempts in ([], [attempt]):
        parts = anatomy.timeline(row, attempts)
        assert sum(part.width_permille for part in parts) == 1000
        assert sum(part.ms for part in parts) == row.latency_ms


def test_its_page_leads_to_the_newer_and_the_older_one_of_the_organization(alice: User, charlie: User, project: Project) -> None:
    theirs = Project.objects.get(organization__memberships__user=charlie)
    oldest, older, row, newer = (call(each, timedelta(minutes=9 - number)) for number, each in enumerate([theirs, *[project] * 3]))
    shown = browser(alice).get(f"/activity/{public(row)}").content.decode()
    assert f'rel="prev" href="/activity/{public(newer)}"' in shown
    assert f'rel="next" href="/activity/{public(older)}"' in shown
    assert 'rel="next"' not in browser(alice).get(f"/activity/{public(older)}").content.decode()
    assert public(oldest) not in browser(alice).get(f"/activity/{public(older)}").content.decode()


def test_data_centers_are_told_by_name(alice: User, project: Project) -> None:
    row = call(project)
    DataCenter.objects.filter(slug="nva").update(name="Ashburn, Virginia")
    for address in ("/activity", f"/activity/{public(row)}"):
        assert "Ashburn, Virginia" in browser(alice).get(address).content.decode()


def test_programs_get_tokens_times_and_money_exactly(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name="n8n", actor=alice)
    row = call(project, api_key=api_key, cost_nanousd=1, paid_by="wallet")
    told = browser(alice).get(f"/api/activity/requests/{public(row)}").json()
    assert told["id"] == public(row)
    assert (told["prompt_tokens"], told["completion_tokens"], told["total_tokens"]) == (1000, 500, 1500)
    assert (told["ttft_ms"], told["latency_ms"], told["cost"], told["cost_usd"]) == (200, 1200, 1e-9, "0.000000001")
    assert (told["paid_by"], told["data_center"], told["price_tick"], told["attempts"]) == ("wallet", "nva", row.price_tick_id, 1)
    assert told["attempt_list"] == []
    assert api_key.digest.hex() not in str(told)


def test_programs_page_through_the_log(alice: User, project: Project) -> None:
    rows = [call(project, ago=timedelta(days=number, minutes=1)) for number in range(5)]
    visit = browser(alice)
    first = visit.get("/api/activity/requests?limit=3").json()
    second = visit.get(f"/api/activity/requests?limit=3&cursor={first['next_cursor']}").json()
    assert [row["id"] for row in first["data"] + second["data"]] == [public(row) for row in rows]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "x", "99999999999", "٣"])
def test_a_limit_that_is_none_is_refused(alice: User, project: Project, limit: str) -> None:
    refused = browser(alice).get("/api/activity/requests", {"limit": limit})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "limit")


def test_programs_without_a_session_are_refused_in_json(db: None) -> None:
    answer = browser().get("/api/activity/requests")
    assert answer.status_code in {401, 403}
    assert answer["Content-Type"] == "application/json"


def test_a_request_is_told_without_looking_anything_up(project: Project, django_assert_num_queries: object) -> None:
    call(project)
    [row] = queries.of(project.organization_id)
    page = queries.page(queries.of(project.organization_id), "")
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert queries.as_json(row) == queries.as_json(page.rows[0])


def test_a_request_that_got_no_answer_says_that_nothing_was_charged(alice: User, project: Project) -> None:
    row = call(project, status="rejected", paid_by="free", cost_nanousd=0, completion_tokens=0)
    assert "nothing: no answer came" in browser(alice).get(f"/activity/{public(row)}").content.decode()


def test_fallbacks_and_who_was_left_out_are_told(alice: User, project: Project) -> None:
    left_out = {"data_center": None, "provider": None, "model": "blind", "lost": "takes text only, not image"}
    fallback = {"candidates": [{"model": "qwen", "data_center": "", "provider": "openrouter", "lost": ""}], "excluded": [left_out]}
    first = {"strategy": "price", "won_by": "highest average score", "candidates": [{"data_center": "dfw", "lost": ""}]}
    row = call(project, routing=first | {"fallbacks": [fallback], "passed_over": ["Plain calls no tools."]})
    shown = browser(alice).get(f"/activity/{public(row)}").content.decode()
    for fact in ("Fallback: qwen", "openrouter", "blind", "takes text only, not image", "Plain calls no tools."):
        assert fact in shown
