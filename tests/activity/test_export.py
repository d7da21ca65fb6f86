"""The log as a file: the filter's rows of the instant it was asked for, exact amounts, a last line, and nothing a spreadsheet would run."""

import csv
import io
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client

from accounts.models import User
from activity import export
from activity.models import Request
from clod_site.lib import ids
from clod_site.lib.spreadsheet import harmless
from clod_site.lib.streaming import Streamed
from projects import keys
from projects.models import Project
from team.models import AuditEvent
from tests.activity.log import call
from tests.people import browser

SECOND = timedelta(seconds=1)
FORMS = pytest.mark.parametrize("form", ["csv", "jsonl"])


def text_of(visit: Client, form: str = "csv", query: str = "") -> str:
    answer = visit.get(f"/activity.{form}?{query}")
    assert answer["Content-Disposition"].startswith("attachment")
    return answer.getvalue().decode()


def rows_of(visit: Client, form: str = "csv", query: str = "") -> list[dict[str, Any]]:
    """Without the last line, whose count is right."""
    text = text_of(visit, form, query)
    if form == "csv":
        *rows, end = csv.DictReader(io.StringIO(text))
        assert end["id"].startswith(f"end: {len(rows)} requests that ended before 2")
    else:
        *rows, end = map(json.loads, text.splitlines())
        assert (end["object"], end["requests"]) == ("end", len(rows))
    return rows


def test_it_holds_what_the_filter_shows(alice: User, project: Project) -> None:
    call(project, cost_nanousd=12_345)
    call(project, status="truncated")
    [row] = rows_of(browser(alice), query="status=ok")
    assert (row["status"], row["cost_usd"], row["prompt_tokens"], row["api_key"]) == ("ok", "0.000012345", "1000", "Studio")
    [row] = rows_of(browser(alice), "jsonl", "status=ok")
    assert (row["object"], row["status"], row["cost_usd"], row["prompt_tokens"]) == ("request", "ok", "0.000012345", 1000)


@FORMS
def test_everybody_who_reads_activity_may_export_it(alice: User, bob: User, viewer: User, project: Project, form: str) -> None:
    row = call(project)
    for person in (alice, bob, viewer):
        assert [each["id"] for each in rows_of(browser(person), form)] == [ids.public("req", row.id)]


@FORMS
def test_charlies_file_has_none_of_alices_rows(charlie: User, project: Project, form: str) -> None:
    call(project)
    assert rows_of(browser(charlie), form, f"range=all&project={ids.public('proj', project.id)}") == []


@FORMS
def test_a_visitor_is_sent_to_the_log_in(project: Project, form: str) -> None:
    assert browser().get(f"/activity.{form}")["Location"].startswith("/accounts/login/")


def test_nothing_is_made_for_who_wants_the_head_only(alice: User) -> None:
    assert browser(alice).head("/activity.csv").status_code == 405


@FORMS
@pytest.mark.parametrize("query", ["", "model=llama"])
def test_every_row_is_in_it_once_in_pages_of_any_size(
    alice: User, project: Project, form: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [call(project, (60 + number) * SECOND) for number in range(10)]
    expected = [ids.public("req", row.id) for row in made]
    for size in (1, 3, 10, 11):
        monkeypatch.setattr(export, "AT_ONCE", size)
        assert [row["id"] for row in rows_of(browser(alice), form, query)] == expected


def test_what_ends_after_it_was_asked_for_is_not_in_it(alice: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 1)
    rows = [call(project, number * 60 * SECOND) for number in (1, 3)]
    pieces = iter(browser(alice).get("/activity.csv").streaming_content)
    read = next(pieces) + next(pieces)
    call(project, 120 * SECOND, latency_ms=121_000)
    read += b"".join(pieces)
    assert [line.split(b",")[0].decode() for line in read.splitlines()[1:-1]] == [ids.public("req", row.id) for row in rows]


def test_text_that_looks_like_a_formula_stays_text(alice: User, project: Project) -> None:
    api_key, _ = keys.generate(project, name='=HYPERLINK("http://evil.example","x")', actor=alice)
    call(project, api_key=api_key, requested_model="@price")
    [row] = rows_of(browser(alice))
    assert row["api_key"] == '\'=HYPERLINK("http://evil.example","x")'
    assert row["requested_model"] == "'@price"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1"])
def test_every_way_to_begin_a_formula_is_defused(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["plain", "", None, -5, "a=1"])
def test_everything_else_is_left_alone(cell: object) -> None:
    assert harmless(cell) == cell


@FORMS
def test_names_with_lines_and_quotes_stay_in_their_row(alice: User, project: Project, form: str) -> None:
    call(project, requested_model='a"b\nc,d\u2028e')
    [row] = rows_of(browser(alice), form)
    assert row["requested_model"] == 'a"b\nc,d\u2028e'


def test_who_exports_what_and_whether_it_was_taken_whole_is_logged(alice: User, project: Project, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "activity.export")
    call(project)
    visit = browser(alice)
    text_of(visit, query="status=ok")
    broken = visit.get("/activity.csv")
    next(iter(broken.streaming_content))
    broken.close()
    who = f"{alice.pk} of {project.organization_id}: csv"
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == f"{who} of 'status=ok'"
    assert said[1].startswith(f"{who} whole, 1 requests")
    assert said[3].startswith(f"{who} broke off, 0 requests")


def test_the_audit_log_says_who_exported_which_filter(viewer: User, project: Project) -> None:
    rows_of(browser(viewer), query="status=ok")
    event = AuditEvent.objects.get(deed="export.activity")
    assert (event.organization, event.actor_email, event.target_name) == (project.organization, viewer.email, "csv of status=ok")


def test_a_file_that_breaks_off_has_no_last_line(alice: User, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 1)
    for number in range(3):
        call(project, number * SECOND)
    pieces = iter(browser(alice).get("/activity.csv").streaming_content)
    assert b"end: " not in next(pieces) + next(pieces) + next(pieces)


def test_an_asgi_server_gets_each_piece_when_it_has_sent_the_one_before() -> None:
    made = []

    def pieces() -> Any:
        for number in range(3):
            made.append(number)
            yield str(number)

    async def first() -> bytes:
        answer = aiter(Streamed(pieces()))
        piece = await anext(answer)
        await answer.aclose()
        return piece

    assert async_to_sync(first)() == b"0"
    assert made == [0]


def test_a_hundred_thousand_requests_take_no_more_memory_than_a_thousand(alice: User, project: Project) -> None:
    _multiply(call(project, 3600 * SECOND), 17)
    pieces = iter(browser(alice).get("/activity.csv?range=all").streaming_content)
    for _ in range(5):
        next(pieces)
    begun, most, size, last = _resident_mb(), 0.0, 0, b""
    for last in pieces:
        size += len(last)
        most = max(most, _resident_mb())
    assert last.startswith(b"end: 131072 requests")
    assert size > 20_000_000
    assert most - begun < 8


def _multiply(row: Request, times: int) -> None:
    """Twice as many, so many times, under ids of any time."""
    columns = [field.column for field in Request._meta.concrete_fields if field.column != "id"]
    new_id = "gen_random_uuid()" if connection.vendor == "postgresql" else "lower(hex(randomblob(16)))"
    names = ", ".join(f'"{column}"' for column in columns)
    with connection.cursor() as cursor:
        for _ in range(times):
            cursor.execute(f"INSERT INTO activity_request (id, {names}) SELECT {new_id}, {names} FROM activity_request")
    assert Request.objects.filter(organization=row.organization_id).count() == 2**times


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
