"""What the top of the page says, for any filter and time: exactly what the requests themselves add up to, wherever it was read from."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
import time_machine

from accounts.models import User
from activity import chart, figures, narrowing, paging, rollups, sums, tiles, usage
from activity.filters import Filter, Span
from activity.models import Request, Status, UsageDay, UsageMark, UsageTotal
from activity.usage import Usage
from clod_site.lib import clock, ids
from projects import keys
from projects.models import Project
from tests.activity.log import call, id_at
from tests.activity.test_add_up_usage import random_calls
from tests.people import browser, organization_of, queries_of

HOUR = timedelta(hours=1)
FILTERS = [
    Filter(range="all"),
    Filter(),
    Filter(range="1h"),
    Filter(range="7d", model=("llama",)),
    Filter(range="all", model=("llama", "qwen"), status=("errors",)),
    Filter(range="all", status=("ok", "expired"), paid=("free",)),
    Filter(range="all", key=("studio",), stream=("no",)),
    Filter(range="all", site=("nva",)),
    Filter(range="all", site=("clod",)),
    Filter(range="all", text="llama@PRICE"),
    Filter(range="all", text="nothing"),
    Filter(range="24h", project=("proj_0000000000000000000001",)),
]


@pytest.fixture(params=["no rollups", "some rollups", "all rollups"])
def calls(request: Any, project: Project) -> Project:
    random_calls(project, 80)
    for minutes in (1, 20, 59, 61):
        call(project, timedelta(minutes=minutes))
    if request.param != "no rollups":
        rollups.advance(clock.now() - (20 * HOUR if request.param == "some rollups" else timedelta(0)))
    return project


def test_sums_are_those_of_the_requests(calls: Project, subtests: pytest.Subtests) -> None:
    for wanted in FILTERS:
        with subtests.test(wanted.query() or "default"):
            now = clock.now()
            span = wanted.span(now, "UTC")
            found = usage.whole(calls.organization_id, wanted, span, rollups.mark())
            rows = list(narrowing.narrow(narrowing.within(Request.objects.all(), span), wanted))
            assert (found.requests, found.cost_nanousd) == (len(rows), sum(row.cost_nanousd for row in rows))
            assert found.failed == sum(row.status in sums.FAILED for row in rows)
            assert found.tokens == sum(row.prompt_tokens + row.completion_tokens for row in rows)
            assert sum(found.counts("ttft").values()) == sum(row.ttft_ms is not None and row.is_stream for row in rows)
            by_time = usage.total(usage.course(calls.organization_id, wanted, span, rollups.mark()))
            by_group = usage.total(usage.course(calls.organization_id, wanted, span, rollups.mark(), "site"))
            assert by_time.requests == by_group.requests == found.requests
            assert by_time.counts("latency") == by_group.counts("latency") == found.counts("latency")


def test_pages_hold_every_request_of_the_filter_once(calls: Project, subtests: pytest.Subtests) -> None:
    for wanted in FILTERS:
        with subtests.test(wanted.query() or "default"):
            span, mark, cursor, seen = wanted.span(clock.now(), "UTC"), rollups.mark(), "", []
            while True:
                page = paging.page(calls.organization_id, wanted, span, mark, cursor, 7)
                seen += [row.id for row in page.rows]
                cursor = page.next_cursor
                if not cursor:
                    break
            rows = narrowing.narrow(narrowing.within(Request.objects.all(), span), wanted).order_by("-id")
            assert seen == list(rows.values_list("id", flat=True))


@pytest.fixture
def week(project: Project) -> Project:
    """Requests of ten days; what is asked for begins and ends within hours and days of it."""
    random_calls(project, 400, span=timedelta(days=10))
    rollups.advance(clock.now())
    return project


@pytest.mark.parametrize("days_with_totals", [0, 4, 10])
@pytest.mark.parametrize("group", ["", "status", "model"])
def test_totals_tell_what_the_days_and_the_requests_tell(week: Project, group: str, days_with_totals: int) -> None:
    """Also while a version that knows none goes on writing days: what it has not written is read from the days."""
    _only_so_many_totals(days_with_totals)
    dice, now = random.Random(days_with_totals), clock.now()
    for _ in range(12):
        wanted, span = _random_filter(dice), _random_span(dice, now)
        pieces = usage.course(week.organization_id, wanted, span, rollups.mark(), group)
        whole = usage.whole(week.organization_id, wanted, span, rollups.mark())
        expected = usage.total(usage.course(week.organization_id, wanted, span, UsageMark.EPOCH, group))
        for found in (whole, usage.total(pieces)):
            assert [getattr(found, name) for name in usage.NUMBERS] == [getattr(expected, name) for name in usage.NUMBERS]
            assert [found.counts(what) for what in sums.TIMES] == [expected.counts(what) for what in sums.TIMES]


def _only_so_many_totals(days: int) -> None:
    """As a process of the version before leaves them, which then has written the others."""
    since = UsageTotal.objects.earliest("start").start + days * 24 * HOUR
    UsageTotal.objects.filter(start__gte=since).delete()
    UsageMark.objects.update(totals_before=min(since, rollups.totals_mark()))


def _random_filter(dice: random.Random) -> Filter:
    return Filter(
        status=tuple(dice.sample(["ok", "errors", "client_closed"], dice.randrange(3))),
        paid=tuple(dice.sample(["wallet", "free"], dice.randrange(2))),
        stream=tuple(dice.sample(["yes", "no"], dice.randrange(2))),
        key=("studio",) if dice.random() < 0.2 else (),
    )


def _random_span(dice: random.Random, now: datetime) -> Span:
    end = now - timedelta(hours=dice.choice([0, 0, 5.5, 30, 61.25]))
    start = end - timedelta(hours=dice.choice([9.5, 50, 201.75, 240])) if dice.random() < 0.8 else None
    return Span(start, end, is_open=end == now)


@pytest.mark.parametrize("days_with_totals", [0, 4, 10])
def test_pages_of_a_status_are_whole_however_far_totals_go(week: Project, days_with_totals: int) -> None:
    _only_so_many_totals(days_with_totals)
    assert _ids_of(week, Filter(range="all", status=("ok",))) == set(Request.objects.filter(status="ok").values_list("id", flat=True))


def test_what_asks_for_no_details_is_read_from_totals_alone(week: Project) -> None:
    UsageDay.objects.all().delete()
    wanted, span = Filter(range="all", status=("ok",), stream=("yes",)), Span(None, clock.now(), is_open=True)
    rows = Request.objects.filter(status="ok", is_stream=True)
    assert usage.whole(week.organization_id, Filter(), span, rollups.mark()).requests == Request.objects.count()
    assert usage.whole(week.organization_id, wanted, span, rollups.mark()).requests == rows.count()
    assert _ids_of(week, wanted) == set(rows.values_list("id", flat=True))


def _ids_of(project: Project, wanted: Filter) -> set[UUID]:
    page = paging.page(project.organization_id, wanted, wanted.span(clock.now(), "UTC"), rollups.mark(), "", 1000)
    return {row.id for row in page.rows}


def test_what_was_settled_a_moment_ago_is_counted(alice: User, project: Project) -> None:
    """Promise P10, also for a request whose id another machine made a little ahead of our clock."""
    rollups.advance(clock.now())
    call(project, timedelta(0))
    call(project, timedelta(seconds=-2))
    board = browser(alice).get("/activity").context["board"]
    assert (board.total.requests, len(board.page("").rows)) == (2, 2)


def test_one_request_is_found_by_its_id(alice: User, project: Project) -> None:
    row = call(project, 5 * HOUR)
    call(project, 5 * HOUR)
    rollups.advance(clock.now())
    answer = browser(alice).get("/activity", {"q": ids.public("req", row.id)})
    assert [each.id for each in answer.context["page"].rows] == [row.id]
    assert answer.context["board"].total.requests == 1


def test_many_rollups_take_as_many_queries_as_few(alice: User, project: Project) -> None:
    visit = browser(alice)
    api_key, _ = keys.generate(project, name="n8n", actor=alice)
    for hours in (1, 3, 40, 70):
        call(project, hours * HOUR, api_key=api_key)
    rollups.advance(clock.now())
    few = queries_of(visit, "/activity?range=7d&model=llama&by=key&metric=cost")
    random_calls(project, 100)
    rollups.rebuild()
    assert queries_of(visit, "/activity?range=7d&model=llama&by=key&metric=cost") == few
    assert few <= 40


# --- tiles ---------------------------------------------------------------------------------------


def _used(requests: int, cost: int = 0, failed: int = 0) -> Usage:
    return Usage(requests=requests, cost_nanousd=cost, failed=failed)


def test_tiles_say_how_they_differ_from_the_time_before() -> None:
    found = {tile.label: tile.delta for tile in tiles.of(_used(150, cost=50, failed=3), _used(100, cost=100), [])}
    assert found["Requests"] == tiles.Delta("▲ 50 % more")
    assert found["Cost"] == tiles.Delta("▼ 50 % less", "good")
    assert found["Errors"] == tiles.Delta("▲ 2.0 points more", "bad")
    assert found["Time to first token, p95"] is None


@pytest.mark.parametrize("before", [None, _used(0)])
def test_nothing_is_compared_with_nothing(before: Usage | None) -> None:
    assert {tile.delta for tile in tiles.of(_used(5), before, [])} == {None}


def test_each_time_has_its_own_percentiles(alice: User, project: Project) -> None:
    call(project, is_stream=True, ttft_ms=200, latency_ms=30_000)
    call(project, is_stream=False, ttft_ms=30_000, latency_ms=30_000)
    found = {tile.label: (tile.value, tile.note) for tile in browser(alice).get("/activity").context["board"].tiles}
    assert found["Time to first token, p95"] == ("199 ms", "p50 199 ms, p99 199 ms; of streams")
    assert found["Latency, p95"][0] == "30.18 s"


# --- charts --------------------------------------------------------------------------------------


def figure(person: User, query: str) -> dict[str, Any]:
    answer = browser(person).get(f"/activity/chart.json?{query}")
    assert len(answer.content) < 60_000
    told: dict[str, Any] = answer.json()
    assert all(len(trace["y"]) == len(told["x"]) for trace in told["data"])
    return told


def test_percentiles_are_three_lines_and_counts_are_stacked(alice: User, project: Project) -> None:
    call(project, is_stream=True, ttft_ms=200)
    times = figure(alice, "metric=ttft")
    assert [(trace["name"], trace["type"]) for trace in times["data"]] == [("p50", "scatter"), ("p95", "scatter"), ("p99", "scatter")]
    assert max(filter(None, times["data"][1]["y"])) == pytest.approx(200, rel=0.02)
    counts = figure(alice, "metric=requests&by=model")
    assert [(trace["name"], trace["type"], sum(trace["y"])) for trace in counts["data"]] == [("llama", "bar", 1)]


def test_every_metric_by_every_group(alice: User, project: Project) -> None:
    call(project)
    call(project, ago=3 * HOUR, status="truncated", data_center="", provider="openai")
    rollups.advance(clock.now())
    units = {"1h": "minute", "24h": "hour", "7d": "hour", "30d": "day", "all": "day"}
    for metric, by, span in product(chart.METRICS, chart.BY, units):
        assert figure(alice, f"metric={metric}&by={by}&range={span}")["unit"] == units[span]


def test_eight_groups_and_the_rest(alice: User, project: Project) -> None:
    for number in range(11):
        for _ in range(number + 1):
            call(project, model=f"model-{number}")
    lines = figure(alice, "by=model")["data"]
    assert [line["name"] for line in lines] == [*(f"model-{number}" for number in range(10, 2, -1)), "3 other"]
    assert sum(lines[-1]["y"]) == 6


def test_names_are_text_in_labels_too(alice: User, project: Project) -> None:
    evil = '<a href="javascript:alert(1)">x</a><img src=x onerror=alert(1)>'
    api_key, _ = keys.generate(project, name=evil, actor=alice)
    Project.objects.filter(pk=project.pk).update(name=evil)
    call(project, api_key=api_key, model="<b>x</b>", provider="<i>p", data_center="")
    for by in ("key", "project", "model", "site"):
        [line] = figure(alice, f"by={by}")["data"]
        assert "<" not in line["name"]
        assert line["name"].startswith("&lt;")
        assert "<img" not in browser(alice).get(f"/activity?by={by}").content.decode()


def test_long_names_are_cut() -> None:
    assert figures.label("x" * 41) == "x" * 39 + "…"


@pytest.mark.parametrize("address", ["/activity/chart.json?range=all&by=key", "/activity?range=all&by=model"])
def test_charlie_s_charts_and_sums_have_nothing_of_alice_s(charlie: User, project: Project, address: str) -> None:
    call(project, 5 * HOUR)
    call(project)
    rollups.advance(clock.now())
    call(organization_of(charlie).projects.get(), model="own", requested_model="own")
    answer = browser(charlie).get(address)
    assert "llama" not in answer.content.decode()


def test_everybody_of_the_organization_sees_the_chart_and_visitors_do_not(alice: User, bob: User, viewer: User, project: Project) -> None:
    call(project)
    for person in (alice, bob, viewer):
        assert sum(figure(person, "")["data"][0]["y"]) == 1
    assert browser().get("/activity/chart.json").status_code == 302


def test_long_charts_are_by_the_utc_day(alice: User, project: Project) -> None:
    with time_machine.travel("2026-11-20T12:00:00+00:00", tick=False):
        for hours in (22, 23, 24, 25):
            call(project, clock.now() - clock.now().replace(day=17, hour=0) - hours * HOUR)
        rollups.advance(clock.now())
        told = figure(alice, "range=30d")
    counts = dict(zip(told["x"], told["data"][0]["y"], strict=True))
    assert (counts["2026-11-17"], counts["2026-11-18"], told["x"][-1]) == (2, 2, "2026-11-20")


def test_without_requests_a_chart_says_so(alice: User) -> None:
    assert figure(alice, "range=all")["is_empty"]
    assert figure(alice, "metric=nonsense&by=nonsense")["is_empty"]


def test_a_status_is_called_by_its_words(alice: User, project: Project) -> None:
    call(project, status=Status.UPSTREAM_ERROR)
    assert figure(alice, "by=status")["data"][0]["name"] == "upstream failed"


def test_the_table_has_the_chart_s_numbers(alice: User, project: Project) -> None:
    call(project, cost_nanousd=30_000_000)
    shown: Callable[[str], str] = lambda query: browser(alice).get(f"/activity?{query}").content.decode()  # noqa: E731
    assert "$0.03</td>" in shown("metric=cost&by=model")
    assert "The same numbers as a table" in shown("metric=cost&by=model")


def test_ids_and_instants_are_each_other_s_inverse() -> None:
    at = clock.now()
    assert ids.instant_of(id_at(at)) <= at < ids.instant_of(id_at(at)) + timedelta(milliseconds=1)
    assert ids.first_at(at) <= id_at(at)
