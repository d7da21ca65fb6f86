"""Speed and uptime on the Models pages: what counts, from all tenants' calls of the last day."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from activity import performance
from billing.models import Attempt
from catalog.models import Endpoint
from catalog.pages.performance import NOT_MEASURED, Performance
from clod_site.lib import clock
from tests.activity.log import call, id_at, tick
from tests.catalog import stock

pytestmark = pytest.mark.django_db


def attempts(endpoint: Endpoint, count: int, outcome: str = "ok", ago: timedelta = timedelta(minutes=1)) -> None:
    at = clock.now() - ago
    Attempt.objects.bulk_create(
        Attempt(request_id=id_at(at), number=1, endpoint=endpoint, started_at=at, latency_ms=900, outcome=outcome) for _ in range(count)
    )


def test_speeds_are_medians_of_every_tenant_s_last_day(project: Any) -> None:
    endpoint = tick().endpoint
    for ttft_ms in (100, 300, 900):
        call(project, ttft_ms=ttft_ms, latency_ms=ttft_ms + 1000, completion_tokens=51, is_stream=True)
    call(project, ttft_ms=5000, latency_ms=5000, completion_tokens=50, is_stream=False)
    call(project, ago=timedelta(hours=25), ttft_ms=1, latency_ms=2, is_stream=True)
    call(project, ttft_ms=1, status="truncated", is_stream=True)
    assert performance.lately()[endpoint.pk] == performance.lately()["llama"] == Performance(300, None, 50, 4)
    assert "300 ms" in Client().get("/models").content.decode()


def test_of_twenty_streams_there_is_a_slow_one_to_tell(project: Any) -> None:
    for number in range(20):
        call(project, ttft_ms=100 + number, latency_ms=2000, completion_tokens=51, is_stream=True)
    assert performance.lately()["llama"].ttft_ms_p95 == pytest.approx(119, abs=1)
    assert "95 % within" in Client().get("/models/llama").content.decode()


def test_uptime_is_answered_of_answered_and_failed() -> None:
    endpoint = tick().endpoint
    attempts(endpoint, 57)
    for outcome in ("status 503", "TimeoutError", "truncated"):
        attempts(endpoint, 1, outcome)
    measured = performance.lately()
    assert measured[endpoint.pk].uptime == measured["llama"].uptime == 0.95
    assert measured["llama"].attempts == 60
    assert "95 %" in Client().get("/models").content.decode()
    assert "60 attempts in 24 hours" in Client().get("/models/llama").content.decode()


@pytest.mark.parametrize("outcome", ["client_closed", "cancelled", "refused", "rejected", "running", "unread", "stream_options refused"])
def test_who_left_and_what_was_refused_say_nothing_about_an_endpoint(outcome: str) -> None:
    endpoint = tick().endpoint
    attempts(endpoint, 20)
    attempts(endpoint, 30, outcome)
    assert performance.lately()[endpoint.pk] == NOT_MEASURED._replace(uptime=1.0, attempts=20)


def test_nineteen_attempts_are_too_few_to_say() -> None:
    attempts(tick().endpoint, 19)
    assert performance.lately()["llama"].uptime is None
    assert "too few calls to say" in Client().get("/models/llama").content.decode()


def test_what_was_yesterday_does_not_count() -> None:
    attempts(tick().endpoint, 40, "status 500", ago=timedelta(hours=25))
    assert performance.lately() == {}


def test_a_model_s_uptime_is_that_of_all_its_endpoints() -> None:
    first, second = stock.hosted("nva dfw", slug="pair").endpoints.order_by("pk")
    attempts(first, 20)
    attempts(second, 20, "status 500")
    measured = performance.lately()
    assert (measured[first.pk].uptime, measured[second.pk].uptime, measured["pair"].uptime) == (1.0, 0.0, 0.5)


def test_measuring_takes_two_queries_a_minute(project: Any, django_assert_num_queries: Any) -> None:
    call(project)
    attempts(tick().endpoint, 30)
    with django_assert_num_queries(2):
        performance.lately()
        performance.lately()


def test_one_failure_in_a_thousand_is_not_rounded_away() -> None:
    endpoint = tick().endpoint
    attempts(endpoint, 1999)
    attempts(endpoint, 1, "status 500")
    assert "99.9 %" in Client().get("/models").content.decode()
