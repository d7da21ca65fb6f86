"""Usage for programs: by day or hour and group, from rollups and the newest requests alike, for members and nobody else."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from activity import rollups, usage_asked
from activity.models import UsageDay
from clod_site.lib import clock, ids
from clod_site.lib.refusal import Refusal
from projects import keys
from projects.models import Project
from tests.activity import log
from tests.people import browser, queries_of

pytestmark = pytest.mark.django_db
ADDRESS = "/api/usage"
NOON = datetime(2026, 11, 28, 12, 34, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(time_machine: Any) -> None:
    time_machine.move_to(NOON)


def ask(user: User, query: str = "", status: int = 200) -> Any:
    answer = browser(user).get(f"{ADDRESS}?{query}")
    assert answer.status_code == status, answer.content
    return answer.json()


def told(rows: list[dict[str, Any]], name: str = "") -> list[tuple[Any, ...]]:
    return [(row["start"][:13], *([row[name]] if name else []), row["requests"], row["cost_nanousd"]) for row in rows]


def test_days_are_added_up_from_rollups_and_the_newest_requests(alice: User, project: Project) -> None:
    for hours in (0.1, 1, 30, 31, 55):
        log.call(project, timedelta(hours=hours))
    before = ask(alice, "from=2026-11-26&to=2026-11-28")
    assert told(before["data"]) == [("2026-11-26T00", 1, 810_000), ("2026-11-27T00", 2, 1_620_000), ("2026-11-28T00", 2, 1_620_000)]
    assert (before["total"]["requests"], before["total"]["cost_usd"], before["total"]["total_tokens"]) == (5, "0.00405", 7500)
    assert (before["from"], before["to"][:17]) == ("2026-11-26T00:00:00.000Z", "2026-11-28T12:34:")
    assert rollups.advance(clock.now()) > 0
    assert UsageDay.objects.exists()
    assert ask(alice, "from=2026-11-26&to=2026-11-28") | {"to": before["to"]} == before, "wherever it is read from"


def test_hours_and_parts_of_hours(alice: User, project: Project) -> None:
    for minutes in (10, 30, 50, 70):
        log.call(project, timedelta(minutes=minutes))
    assert told(ask(alice, "by=hour")["data"]) == [("2026-11-28T11", 2, 1_620_000), ("2026-11-28T12", 2, 1_620_000)]
    part = ask(alice, "by=hour&from=2026-11-28T11:30:00Z&to=2026-11-28T12:10:00%2B00:00")
    assert told(part["data"]) == [("2026-11-28T11", 1, 810_000), ("2026-11-28T12", 1, 810_000)]


def test_it_is_grouped_by_what_a_bill_is_split_by(alice: User, project: Project) -> None:
    other = Project.objects.create(organization=project.organization, name="=Research")
    api_key, _ = keys.generate(project, name="laptop", actor=alice)
    log.call(project, api_key=api_key, model="llama", cost_nanousd=5)
    log.call(other, model="qwen", status="upstream_error", data_center="", provider="openai", cost_nanousd=9)
    assert told(ask(alice, "group=model")["data"], "model") == [("2026-11-28T00", "qwen", 1, 9), ("2026-11-28T00", "llama", 1, 5)]
    assert [row["project"] for row in ask(alice, "group=project")["data"]] == [
        {"id": ids.public("proj", other.pk), "name": "=Research"},
        {"id": ids.public("proj", project.pk), "name": project.name},
    ]
    named = {"id": ids.public("key", api_key.pk), "prefix": api_key.prefix, "name": "laptop"}
    assert [row["api_key"] for row in ask(alice, "group=key")["data"]] == [None, named]
    assert [row["data_center"] for row in ask(alice, "group=data_center")["data"]] == ["openai", "nva"]
    failed = ask(alice, "group=status")
    assert [(row["status"], row["errors"]) for row in failed["data"]] == [("upstream_error", 1), ("ok", 0)]
    assert failed["total"]["errors"] == 1


@pytest.mark.parametrize("group", ["", *usage_asked.GROUPS])
def test_as_csv_it_is_the_same_rows(alice: User, project: Project, group: str) -> None:
    project.name = "=Research"
    project.save()
    log.call(project)
    answer = browser(alice).get(f"{ADDRESS}?group={group}&format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    (row,) = csv.DictReader(io.StringIO(answer.content.decode()))
    assert (row["start"], row["requests"], row["cost_usd"], row["total_tokens"]) == ("2026-11-28T00:00:00.000Z", "1", "0.00081", "1500")
    if group == "project":
        assert row["project"] == "'=Research", "no spreadsheet runs it"


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("by=week", "by"),
        ("group=user", "group"),
        ("format=xml", "format"),
        ("from=yesterday", "from"),
        ("from=2026-11-28T12:00:00", "from"),
        ("to=1066-10-14", "to"),
        ("from=2026-11-28&to=2026-11-20", "from"),
        ("from=2030-01-01", "from"),
        ("from=2024-01-01", "from"),
        ("by=hour&from=2026-10-01", "from"),
        ("form=csv", "form"),
        ("by=day&by=hour", "by"),
    ],
)
def test_what_means_nothing_is_refused_by_name(alice: User, query: str, param: str) -> None:
    error = ask(alice, query, 400)["error"]
    assert (error["code"], error["param"]) == ("invalid_request", param)


def test_too_many_rows_are_refused(alice: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from activity import usage_export

    monkeypatch.setattr(usage_export, "MOST_ROWS", 1)
    for days in (1, 2):
        log.call(project, timedelta(days=days))
    assert "Ask for a shorter time" in ask(alice, "", 400)["error"]["message"]


def test_a_day_is_whole_and_the_usual_time_is_a_month() -> None:
    span = usage_asked.read("from=2026-11-01&to=2026-11-02", NOON).span
    assert (span.start, span.end) == (datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 3, tzinfo=UTC))
    assert usage_asked.read("", NOON).span.start == NOON - timedelta(days=30)
    assert usage_asked.read("by=hour", NOON).span.start == NOON - timedelta(days=1)
    with pytest.raises(Refusal, match="more than 50"):
        usage_asked.read("&".join(["by=day"] * 60), NOON)


def test_every_member_reads_it_and_charlie_reads_his_own(alice: User, bob: User, viewer: User, charlie: User, project: Project) -> None:
    log.call(project)
    for person in (alice, bob, viewer):
        assert ask(person)["total"]["requests"] == 1
    assert ask(charlie)["total"]["requests"] == 0
    assert ask(charlie)["data"] == []
    assert browser().get(ADDRESS).status_code == 403


def test_more_rows_take_no_more_queries(alice: User, project: Project) -> None:
    visit = browser(alice)
    address = f"{ADDRESS}?group=key"
    api_key, _ = keys.generate(project, name="one", actor=alice)
    log.call(project, api_key=api_key)
    few = queries_of(visit, address)
    for number in range(4):
        api_key, _ = keys.generate(project, name=f"{number}", actor=alice)
        log.call(project, timedelta(days=number), api_key=api_key)
    assert queries_of(visit, address) == few
