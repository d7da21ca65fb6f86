"""The log as CSV: the filter's rows, exact amounts, and nothing a spreadsheet would run."""

import csv
import io

import pytest
from django.test import Client

from accounts.models import User
from clod_site.lib.spreadsheet import harmless
from projects import keys
from projects.models import Project
from tests.activity.log import call
from tests.people import browser


def rows_of(visit: Client, query: str = "") -> list[dict[str, str]]:
    answer = visit.get(f"/activity.csv?{query}")
    assert answer["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_it_holds_what_the_filter_shows(alice: User, project: Project) -> None:
    call(project, cost_nanousd=12_345)
    call(project, status="truncated")
    [row] = rows_of(browser(alice), "status=ok")
    assert (row["status"], row["cost_usd"], row["prompt_tokens"], row["api_key"]) == ("ok", "0.000012345", "1000", "Studio")


def test_charlies_file_has_none_of_alices_rows(charlie: User, project: Project) -> None:
    call(project)
    assert rows_of(browser(charlie), "range=all") == []


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
