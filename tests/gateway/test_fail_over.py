"""What a client sees, and pays, when upstreams fail."""

import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.test import override_settings

from billing.models import Attempt, FreeQuotaDay, Hold, Wallet
from catalog.models import Model
from clod_site.lib import clock
from gateway import snapshots
from tests.gateway import shop
from tests.gateway.conftest import Gateway


def _two_endpoints(gateway: Gateway, first: str, second: str) -> Model:
    """The first is the cheaper one, so it is tried first."""
    model = shop.model("pair")
    shop.endpoint(model, gateway.upstream.base_url, first, at="dfw", price_ppm=800_000)
    shop.endpoint(model, gateway.upstream.base_url, second, at="buf", price_ppm=1_200_000)
    return model


def test_another_endpoint_answers_at_the_lower_of_both_prices(gateway: Gateway) -> None:
    _two_endpoints(gateway, "error-500", "paris")
    response = gateway.complete("pair@price")
    row = gateway.row(response)
    assert response.status_code == 200
    assert (row.data_center, row.attempts, row.status) == ("buf", 2, "ok")
    assert row.cost_nanousd == 38_400  # at dfw's 0.8
    outcomes = list(Attempt.objects.filter(request_id=row.id).order_by("number").values_list("outcome", flat=True))
    assert outcomes == ["status 500", "ok"]


def test_streams_fail_over_until_the_first_byte(gateway: Gateway) -> None:
    _two_endpoints(gateway, "error-500", "paris")
    assert gateway.stream("pair@price")[-1] == "[DONE]"
    assert gateway.settled().attempts == 2


@override_settings(CLOD_FIRST_BYTE_S=1)
def test_a_data_center_that_does_not_begin_its_stream_is_given_up_while_another_is_left(gateway: Gateway) -> None:
    model = _two_endpoints(gateway, "hang", "paris")
    assert gateway.stream("pair@price")[-1] == "[DONE]"
    row = gateway.settled()
    assert (row.data_center, row.attempts) == ("buf", 2)
    assert Attempt.objects.get(number=1).outcome == "TimeoutError"
    model.endpoints.filter(data_center__slug="buf").update(active=False)
    snapshots.forget()
    with override_settings(CLOD_UPSTREAM_DEADLINE_S=2):
        started = time.monotonic()
        assert gateway.complete("pair", stream=True).status_code == 504
        assert time.monotonic() - started > 1.9


def test_nobody_pays_when_everything_failed(gateway: Gateway) -> None:
    _two_endpoints(gateway, "error-500", "error-401")
    response = gateway.complete("pair@price")
    row = gateway.row(response)
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "upstream_error"
    assert "sk-upstream-secret" not in response.text
    assert (row.status, row.cost_nanousd) == ("upstream_error", 0)
    assert Hold.objects.get(id=row.id).state == "voided"
    assert Wallet.objects.get(organization=row.organization).held_nanousd == 0


def test_a_failed_call_gives_the_free_request_back(gateway: Gateway) -> None:
    model = shop.model("gift", is_free=True)
    shop.endpoint(model, gateway.upstream.base_url, "error-500")
    assert gateway.complete("gift").status_code == 502
    assert FreeQuotaDay.objects.get().used == 0


def test_a_request_the_upstream_refuses_costs_nothing_and_says_why(gateway: Gateway) -> None:
    _two_endpoints(gateway, "refuse", "paris")
    response = gateway.complete("pair@price")
    assert response.status_code == 400
    assert "temperature and top_p cannot both be set" in response.json()["error"]["message"]
    assert (gateway.row(response).status, len(gateway.upstream.journal)) == ("rejected", 1)


def test_an_answer_that_is_no_completion_is_a_502_and_free_of_charge(gateway: Gateway) -> None:
    gateway.offer("odd", "not-json")
    response = gateway.complete("odd")
    assert response.status_code == 502
    assert gateway.row(response).cost_nanousd == 0


def test_an_upstream_that_is_not_there_is_a_502(gateway: Gateway) -> None:
    model = shop.model("gone")
    shop.endpoint(model, "http://127.0.0.1:9/v1", "paris")
    assert gateway.complete("gone").status_code == 502


def test_an_attempt_lasts_until_it_ends_not_until_the_call_does(gateway: Gateway) -> None:
    _two_endpoints(gateway, "error-500", "slow-error")
    assert gateway.complete("pair@price").status_code == 502
    first, second = Attempt.objects.order_by("number")
    assert first.latency_ms < 500 <= second.latency_ms + 5


def _a_date(seconds: int) -> str:
    return format_datetime(clock.now() + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("first", "second", "retry_after"),
    [
        ("overloaded-429-9", "overloaded-529-4", "4"),
        ("overloaded-503-", "overloaded-429-20", "20"),
        ("overloaded-503-", "overloaded-529-soon", "5"),
        ("overloaded-429-0", "overloaded-429-0.5", "1"),
        ("overloaded-429-86400", "overloaded-429-" + "9" * 40, "60"),
    ],
)
def test_when_all_are_overloaded_it_is_worth_coming_back_when_the_first_says(
    gateway: Gateway, first: str, second: str, retry_after: str
) -> None:
    _two_endpoints(gateway, first, second)
    response = gateway.complete("pair@price")
    assert (response.status_code, response.json()["error"]["code"]) == (503, "upstream_overloaded")
    assert response.headers["retry-after"] == retry_after
    assert gateway.row(response).cost_nanousd == 0


def test_an_overloaded_endpoint_may_name_a_date(gateway: Gateway) -> None:
    _two_endpoints(gateway, "overloaded-503-" + _a_date(30), "overloaded-503-" + _a_date(-30))
    assert gateway.complete("pair@price").headers["retry-after"] == "1"
    gateway.offer("later", "overloaded-503-" + _a_date(30))
    assert 25 <= int(gateway.complete("later").headers["retry-after"]) <= 30


def test_one_overloaded_and_one_broken_endpoint_are_a_502(gateway: Gateway) -> None:
    _two_endpoints(gateway, "overloaded-429-1", "error-500")
    assert gateway.complete("pair@price").status_code == 502
