"""Filters live in the address: read, written back, combined, shown as chips; what means nothing is left out, and said."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict

from accounts.models import User
from activity import filters, rollups
from activity.filters import Filter
from activity.models import Request
from clod_site.lib import clock, ids
from projects import keys
from projects.models import Project
from tests.activity.log import call
from tests.people import browser

HOUR = timedelta(hours=1)
ALL = (
    "model=a&model=b&project=proj_0000000000000000000001&key=studio&site=nva&status=errors&paid=free&stream=yes"
    "&q=x+y&from=2026-03-01&to=2026-03-29"
)


def read(query: str) -> Filter:
    return filters.read(QueryDict(query))


@pytest.mark.parametrize("query", ["", "model=a&model=b", "range=7d", "q=x", ALL])
def test_an_address_is_written_back_as_it_was_read(query: str) -> None:
    assert read(query).query() == query
    assert read(query).dropped == ()


@pytest.mark.parametrize(
    ("query", "dropped"),
    [
        ("status=nonsense&status=ok", ("status",)),
        ("range=nonsense", ("range",)),
        ("project=nonsense%00", ("project",)),
        ("model=a%00b", ("model",)),
        (f"model={'m' * 81}", ("model",)),
        ("paid=me&stream=maybe", ("paid", "stream")),
        ("from=2026-02-30", ("from",)),
        ("from=0001-01-01&to=9999-12-31", ("from", "to")),
        ("from=2026-03-02&to=2026-03-01", ("to",)),
        ("&".join(f"model={number}" for number in range(21)), ("model",)),
    ],
)
def test_what_means_nothing_is_left_out_and_named(query: str, dropped: tuple[str, ...]) -> None:
    assert read(query).dropped == dropped


def test_the_page_says_what_it_left_out(alice: User, project: Project) -> None:
    call(project)
    assert "meant nothing and was left out: Status" in browser(alice).get("/activity?status=nonsense").content.decode()


def test_each_value_has_a_chip_that_takes_it_away(alice: User, project: Project) -> None:
    call(project)
    chips = browser(alice).get("/activity?model=llama&model=gone&status=ok&q=price&from=2026-03-01").context["chips"]
    assert [(chip.label, chip.value) for chip in chips] == [
        ("Model", "llama"), ("Model", "gone"), ("Status", "Ok"), ("Contains", "price"), ("Time", "1 Mar 2026 to now"),
    ]  # fmt: skip
    assert chips[0].query == "model=gone&status=ok&q=price&from=2026-03-01"
    assert chips[4].query == "model=llama&model=gone&status=ok&q=price"


@pytest.mark.parametrize(
    ("query", "hours"),
    [("from=2026-03-29&to=2026-03-29", 23), ("from=2026-10-25&to=2026-10-25", 25), ("from=2026-03-28&to=2026-03-29", 47)],
)
def test_days_are_the_zone_s_with_23_or_25_hours_when_the_clock_is_changed(query: str, hours: int) -> None:
    span = read(query).span(datetime.fromisoformat("2026-11-28T12:00:00+00:00"), "Europe/Berlin")
    assert span.start
    assert span.end - span.start == hours * HOUR


def test_days_where_midnight_does_not_exist_begin_at_one() -> None:
    span = Filter(range="dates", first=date(2026, 9, 6)).span(datetime.fromisoformat("2026-11-28T12:00:00+00:00"), "America/Santiago")
    assert span.start == datetime.fromisoformat("2026-09-06T04:00:00+00:00")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("site=nva", {"here"}),
        ("site=openai", {"there"}),
        ("site=nva&site=openai", {"here", "there"}),
        ("paid=free", {"there"}),
        ("stream=yes", {"there"}),
        ("q=GPT", {"there"}),
        ("q=%25", set()),
        ("model=llama&model=gpt", {"here", "there"}),
        ("model=llama&paid=free", set()),
        ("status=ok&status=errors", {"here", "there"}),
        ("key=studio", {"there"}),
        ("key=studio&key=KEY", {"here", "there"}),
    ],
)
def test_values_of_a_filter_add_and_filters_narrow(alice: User, project: Project, query: str, found: set[str]) -> None:
    api_key, _ = keys.generate(project, name="n8n", actor=alice)
    rows = {
        "here": call(project, api_key=api_key),
        "there": call(project, model="gpt", requested_model="gpt", data_center="", provider="openai", paid_by="free", is_stream=True),
    }
    page = browser(alice).get(f"/activity?{query.replace('KEY', api_key.public_id)}").context["page"]
    assert {name for name, row in rows.items() if row in page.rows} == found


def test_the_api_takes_the_same_filters(alice: User, project: Project) -> None:
    old = call(project, 48 * HOUR)
    call(project, status="truncated")
    told: Any = browser(alice).get("/api/activity/requests?status=ok&site=nva").json()
    assert [row["id"] for row in told["data"]] == [ids.public("req", old.id)]


def test_another_organization_s_project_matches_nothing(charlie: User, project: Project) -> None:
    call(project)
    answer = browser(charlie).get(f"/activity?range=all&project={ids.public('proj', project.id)}")
    assert answer.context["page"].rows == []
    assert project.name not in [name for choice in answer.context["choices"] for _, name in choice.options if choice.name == "key"]


def test_models_called_lately_are_offered_and_read_from_rollups_up_to_their_mark(alice: User, project: Project, time_machine: Any) -> None:
    """Of a busy day the requests themselves are too many to be looked at."""
    time_machine.move_to(datetime(2026, 11, 28, 12, 34, tzinfo=UTC))
    for model, ago in (("of a day", timedelta(days=2)), ("of an hour", 9 * HOUR), ("of a long time ago", timedelta(days=33))):
        call(project, ago, model=model)
    rollups.advance(clock.now())
    Request.objects.all().delete()
    call(project, model="of a minute")
    [offered] = [choice.options for choice in browser(alice).get("/activity").context["choices"] if choice.name == "model"]
    assert [model for model, _ in offered] == ["of a day", "of a minute", "of an hour"]
