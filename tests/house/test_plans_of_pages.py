"""What a page or list reads of a table that grows without end, PostgreSQL can find by an index: no page slows down as its tenants call.

Every query is planned as the server would plan it if it never read a whole table. Where it would have to all the same, or reads a whole
index, no index fits the question. One that walks an index in order and stops early has its LIMIT above it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet
from django.test import Client

from accounts.models import User
from activity.models import Body, Request, UsageHour
from billing.models import Attempt, BudgetPeriod, FreeQuotaDay, Hold, IdempotentCall, LedgerEntry, PlatformLoss
from catalog.models import PriceTick
from tests.browser import pages
from tests.people import browser
from webhooks.models import Delivery, Event

GROWING = {
    model._meta.db_table
    for model in (
        *(Request, UsageHour, Body, PriceTick, Event, Delivery),
        *(Hold, LedgerEntry, Attempt, BudgetPeriod, FreeQuotaDay, IdempotentCall, PlatformLoss),
    )
}
BESIDE_PAGES = {  # what pages ask for later, and files
    "chart": "/activity/chart.json?by=model&range=30d",
    "chart-all-time": "/activity/chart.json?metric=latency&by=key&range=all",
    "narrow": "/activity?range=all&project={project}&key={key}&status=errors&paid=wallet",
    "text": "/activity?range=all&q=price",
    "requests-file": "/activity.csv?range=all",
    "statement-file": "/billing/statement.csv",
    "usage-file": "/api/usage?from=2026-01-01&to=2026-02-01&by=day&group=model",
    "statement": "/billing?kind=usage",
}
ALL = {name: address for name, address in (pages.MEMBERS | pages.VISITORS | BESIDE_PAGES).items() if name not in {"log-out", "not-found"}}
# Who is logged in is sent on from these.
ELSEWHERE = {"/", "/accounts/login/", "/accounts/signup/", "/accounts/login/code/", "/accounts/password/change/"}
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="plans are PostgreSQL's"),
]


class Read(NamedTuple):
    """How a table is read: the kind of node, its index condition, and whether a LIMIT ends it."""

    table: str
    kind: str
    condition: str
    has_limit: bool

    def is_whole(self) -> bool:
        return self.table in GROWING and not self.condition and not (self.has_limit and self.kind.startswith("Index"))


def reads(plan: dict[str, Any], *, has_limit: bool = False) -> Iterator[Read]:
    has_limit = (has_limit or plan["Node Type"] == "Limit") and plan["Node Type"] not in {"Sort", "Aggregate"}
    parts = plan.get("Plans", [])
    if "Relation Name" in plan:
        condition = plan.get("Index Cond") or (plan.get("Recheck Cond", "") if plan["Node Type"] == "Bitmap Heap Scan" else "")
        yield Read(plan["Relation Name"], plan["Node Type"], condition, has_limit)
    for part in parts:
        yield from reads(part, has_limit=has_limit)


@contextmanager
def watched() -> Iterator[list[tuple[str, Any]]]:
    """Questions to the database, each once."""
    asked: dict[str, tuple[str, Any]] = {}

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip("( ").startswith(("SELECT", "WITH")):
            asked.setdefault(sql, (sql, params))
        return execute(sql, params, many, context)

    found: list[tuple[str, Any]] = []
    with connection.execute_wrapper(note):
        yield found
    found += asked.values()


def plan_of(sql: str, params: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        told = cursor.fetchone()[0]
    plan: dict[str, Any] = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    return plan


def whole_reads(address: str, client: Client) -> list[str]:
    with watched() as questions:
        answer = client.get(address)
        assert answer.status_code == 200 or address in ELSEWHERE, (address, answer.status_code)
        if answer.streaming:
            list(answer.streaming_content)
    return [f"{read}\n  {sql}" for sql, params in questions for read in reads(plan_of(sql, params)) if read.is_whole()]


@pytest.fixture
def words_of_all(words: dict[str, str]) -> dict[str, str]:
    """With the catalog beside them. From here on tables are large: the server reads none as a whole, and joins by looking up."""
    call_command("load_catalog", stdout=StringIO())
    with connection.cursor() as cursor:
        for way in ("seqscan", "hashjoin", "mergejoin"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    return words


def test_every_page_finds_by_an_index_what_it_reads(words_of_all: dict[str, str], alice: User, subtests: pytest.Subtests) -> None:
    client, count = browser(alice), 0
    for name, address in sorted(ALL.items()):
        with subtests.test(name):
            found = whole_reads(address.format(**words_of_all), client)
            assert not found, "\n".join(found)
            count += 1
    assert count == len(ALL)


@pytest.mark.parametrize(
    ("question", "is_whole"),
    [
        (Request.objects.filter(finish_reason="stop"), True),
        (Request.objects.order_by("finish_reason")[:5], True),
        (Request.objects.order_by("-id")[:5], False),
        (Request.objects.filter(organization_id=UUID(int=1)), False),
    ],
)
def test_a_question_that_no_index_fits_is_found_out(words_of_all: dict[str, str], question: QuerySet[Request], is_whole: bool) -> None:
    with watched() as questions:
        list(question.all())
    assert any(read.is_whole() for asked in questions for read in reads(plan_of(*asked))) == is_whole
