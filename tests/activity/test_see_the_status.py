"""The public status page: what works, measured on everybody's requests, and nothing that one customer did alone."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from activity import rollups, service_status
from activity.models import Request
from activity.service_status import Site
from catalog.markets import RECOMPUTE, RECOMPUTE_LABEL
from catalog.models import PriceJob, PriceTick
from clod_site.lib import clock, ids
from gateway import service_page
from projects.models import Project
from tests.gateway import shop
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def unmeasured() -> Iterator[None]:
    service_page.forget()
    yield
    service_page.forget()


def calls(project: Project, count: int, *, hours_ago: float = 0.0, status: str = "ok", ttft_ms: int = 200, **fields: str) -> None:
    at = clock.now() - timedelta(hours=hours_ago)
    common = {
        "organization_id": project.organization_id,
        "project": project,
        "created_at": at,
        "model": "paris",
        "requested_model": "paris",
    }
    where = {"provider": "clod", "data_center": "dfw"} | fields
    first = ids.first_at(at).int
    rows = [Request(id=UUID(int=first + Request.objects.count() + number)) for number in range(count)]
    for row in rows:
        for name, value in (common | where | {"status": status, "is_stream": True, "ttft_ms": ttft_ms, "paid_by": "wallet"}).items():
            setattr(row, name, value)
    Request.objects.bulk_create(rows)


def site(slug: str) -> Site:
    return next(site for site in service_status.sites(clock.now()) if site.slug == slug)


@pytest.fixture
def dfw(project: Project) -> Project:
    shop.data_center("dfw")
    shop.provider("clod")
    return project


def test_a_site_is_measured_on_answers_and_failures(dfw: Project) -> None:
    calls(dfw, 90, ttft_ms=200)
    calls(dfw, 9, status="upstream_error", ttft_ms=900)
    calls(dfw, 1, status="truncated", ttft_ms=900)
    calls(dfw, 50, status="client_closed", ttft_ms=200)
    calls(dfw, 50, status="rejected", ttft_ms=200)
    seen = site("dfw")
    assert seen.share == 0.9
    assert seen.ttft_ms_p50 == pytest.approx(200, rel=0.03)
    assert seen.hours[-1].share == 0.9
    assert len(seen.hours) == 24


def test_hours_that_are_added_up_and_hours_that_are_not_meet(dfw: Project) -> None:
    calls(dfw, 30, hours_ago=5)
    calls(dfw, 30, hours_ago=5, status="expired", ttft_ms=400)
    calls(dfw, 40)
    before = site("dfw")
    rollups.advance(clock.now())
    assert rollups.mark() > clock.now() - timedelta(hours=5)
    assert site("dfw") == before
    assert before.share == 0.7
    assert [hour.share for hour in before.hours if hour.share is not None] == [0.5, 1.0]


def test_what_few_did_is_told_to_nobody(dfw: Project) -> None:
    calls(dfw, service_status.FEWEST - 1)
    seen = site("dfw")
    assert (seen.share, seen.ttft_ms_p50, seen.ttft_ms_p95) == (None, None, None)
    assert {hour.share for hour in seen.hours} == {None}
    calls(dfw, 1)
    assert site("dfw").share == 1.0


def test_yesterdays_troubles_are_over(dfw: Project) -> None:
    calls(dfw, 40, hours_ago=25, status="upstream_error")
    assert site("dfw").share is None


def test_third_parties_are_there_once_they_were_called(dfw: Project) -> None:
    shop.provider("openai", name="OpenAI")
    assert [site.slug for site in service_status.sites(clock.now())] == ["dfw"]
    calls(dfw, 20, provider="openai", data_center="")
    assert [(site.slug, site.is_data_center, site.share) for site in service_status.sites(clock.now())] == [
        ("dfw", True, None),
        ("openai", False, 1.0),
    ]


def test_it_is_one_and_the_same_for_everybody(dfw: Project, alice: User, charlie: User) -> None:
    calls(dfw, 25)
    pages = {browser(somebody).get("/status").content for somebody in (None, alice, charlie)}
    assert len(pages) == 1
    page = pages.pop().decode()
    for secret in (dfw.name, dfw.organization.name, alice.email, "paris", ids.public("proj", dfw.pk), ">25<"):
        assert secret not in page
    answer = Client().get("/status.json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert dfw.organization.name not in answer.content.decode()
    told = answer.json()
    assert {row["slug"]: row["share"] for row in told["sites"]} == {"dfw": 1.0}


def test_it_says_what_does_not_work() -> None:
    page = Client().get("/status")
    assert "Something does not work" in page.content.decode()
    assert "No model can be called" in page.content.decode()
    assert "Prices stand still" in page.content.decode()
    parts = {part["name"]: part["works"] for part in Client().get("/status.json").json()["parts"]}
    assert parts == {"API": True, "Calls": True, "Models": False, "Prices": False}


def test_it_says_when_everything_works(dfw: Project) -> None:
    model = shop.model("paris")
    shop.endpoint(model, "http://127.0.0.1:9", "paris")
    now = clock.now()
    PriceJob.objects.create(name=RECOMPUTE, label=RECOMPUTE_LABEL, last_run_at=now, duration_ms=5, outcome="ok")
    PriceJob.objects.create(name="ercot", label="ERCOT", last_run_at=now, duration_ms=5, outcome="ok", newest_interval_end=now)
    PriceJob.objects.create(
        name="pjm", label="PJM", last_run_at=now, duration_ms=5, outcome="SourceDown", newest_interval_end=now - timedelta(hours=3)
    )
    page = Client().get("/status").content.decode()
    assert "Everything works" in page
    assert "1 model can be called" in page
    assert {feed["label"]: feed["is_late"] for feed in Client().get("/status.json").json()["feeds"]} == {"ERCOT": False, "PJM": True}


def test_a_model_without_a_price_cannot_be_called_and_markets_that_all_fail_move_no_price(dfw: Project) -> None:
    shop.endpoint(shop.model("paris"), "http://127.0.0.1:9", "paris")
    PriceTick.objects.all().delete()
    now = clock.now()
    PriceJob.objects.create(name=RECOMPUTE, label=RECOMPUTE_LABEL, last_run_at=now, duration_ms=5, outcome="ok")
    PriceJob.objects.create(name="ercot", label="ERCOT", last_run_at=now, duration_ms=5, outcome="SourceDown")
    page = Client().get("/status").content.decode()
    assert "No model can be called" in page
    assert "Prices follow the grid" not in page
    assert "No electricity market has told its price lately" in page


def test_it_is_measured_once_in_half_a_minute() -> None:
    Client().get("/status")
    with CaptureQueriesContext(connection) as queries:
        answer = Client().get("/status")
    assert len(queries) == 0
    assert answer["Cache-Control"] == "public, max-age=15"


def test_a_measurement_takes_as_many_queries_for_many_sites_as_for_one(dfw: Project) -> None:
    calls(dfw, 30)
    with CaptureQueriesContext(connection) as one:
        service_status.sites(clock.now())
    for slug in ("okc", "iad", "sea"):
        shop.data_center(slug)
        calls(dfw, 30, data_center=slug, hours_ago=3)
    with CaptureQueriesContext(connection) as many:
        assert len(service_status.sites(clock.now())) == 4
    assert len(one) == len(many) <= 5
