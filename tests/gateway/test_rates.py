"""Requests and tokens per minute, of keys and organizations: 429 with what to do, headers on every answer, and nothing charged."""

from typing import Any

import httpx2
import pytest

from accounts.models import Organization, User
from activity.models import Request
from billing.models import Wallet
from gateway import headers, snapshots, strangers
from projects.models import ApiKey, Project
from studio import tokens
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.people import browser

CLOSED_PORT = "redis://127.0.0.1:1/0"


@pytest.fixture(params=["redis", "away", "none"], autouse=True)
def store(request: pytest.FixtureRequest, settings: Any) -> None:
    """The same with Redis, without, and while it is away."""
    if request.param == "redis" and not settings.REDIS_URL:
        pytest.skip("this round has no Redis")
    if request.param != "redis":
        settings.REDIS_URL = CLOSED_PORT if request.param == "away" else ""


def _limit_key(gateway: Gateway, **rates: int) -> None:
    ApiKey.objects.update(**{f"{unit}_per_minute": rate for unit, rate in rates.items()})
    snapshots.forget()


def test_a_call_beyond_the_limit_is_told_which_and_when(gateway: Gateway, wallet: Wallet) -> None:
    _limit_key(gateway, requests=2)
    first, second, third = gateway.complete(), gateway.complete(), gateway.complete()
    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 429]
    error = third.json()["error"]
    assert (error["code"], error["type"]) == ("rate_limit_exceeded", "rate_limit_error")
    assert "2 requests per minute of this API key" in error["message"]
    assert (error["limit_per_minute"], error["limit_of"], error["limit_unit"]) == (2, "this API key", "requests")
    assert 1 <= int(third.headers["retry-after"]) <= 31
    assert Request.objects.count() == 2
    wallet.refresh_from_db()
    assert wallet.held_nanousd == 0


def test_an_organization_s_keys_share_its_limit(gateway: Gateway) -> None:
    Organization.objects.update(requests_per_minute=1)
    snapshots.forget()
    assert gateway.complete().status_code == 200
    assert gateway.complete().json()["error"]["limit_of"] == "this organization"


def test_every_answer_says_what_is_left(gateway: Gateway) -> None:
    _limit_key(gateway, requests=10, tokens=50_000)
    whole = gateway.complete(max_tokens=100)
    with gateway.client.stream("POST", gateway.path, json={"model": "paris", "messages": [], "stream": True}) as refused:
        assert refused.status_code == 400
    body = {"model": "paris", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with gateway.client.stream("POST", gateway.path, json=body) as stream:
        stream.read()
    unknown = gateway.complete("nobody")
    left = [int(answer.headers["x-ratelimit-remaining-requests"]) for answer in (whole, refused, stream, unknown)]
    assert left == [9, 8, 7, 6]
    for answer in (whole, refused, stream, unknown):
        assert answer.headers["x-ratelimit-limit-requests"] == "10"
        assert answer.headers["x-ratelimit-limit-tokens"] == "50000"
        assert 0 < int(answer.headers["x-ratelimit-remaining-tokens"]) <= 50_000
        assert answer.headers["x-ratelimit-reset-requests"].endswith("s")


def test_tokens_are_counted_as_used_not_as_asked_for(gateway: Gateway) -> None:
    _limit_key(gateway, tokens=1_500)
    remaining = []
    for _ in range(5):
        answer = gateway.complete(max_tokens=1_000)
        assert answer.status_code == 200, answer.text
        remaining.append(int(answer.headers["x-ratelimit-remaining-tokens"]))
    assert min(remaining) > 300


def test_a_call_for_more_tokens_than_a_minute_has_is_made_once_the_bucket_is_empty(gateway: Gateway) -> None:
    _limit_key(gateway, tokens=50)
    assert gateway.complete(max_tokens=1_000).status_code == 200
    refused = gateway.complete(max_tokens=1_000)
    assert refused.status_code == 429
    assert refused.json()["error"]["limit_unit"] == "tokens"


def test_what_failed_used_no_tokens(gateway: Gateway, wallet: Wallet) -> None:
    gateway.offer("broken", "not-json")
    _limit_key(gateway, tokens=1_500)
    for _ in range(3):
        assert gateway.complete("broken", max_tokens=1_000).status_code >= 500
    wallet.refresh_from_db()
    assert wallet.held_nanousd == 0
    assert gateway.complete(max_tokens=1_000).status_code == 200


def test_a_call_that_cannot_be_paid_uses_no_tokens(gateway: Gateway, wallet: Wallet) -> None:
    gateway.offer("dear", "paris", output_nanousd_per_mtok=10**15)
    _limit_key(gateway, tokens=1_500)
    assert [gateway.complete("dear", max_tokens=1_000).status_code for _ in range(3)] == [402, 402, 402]
    assert int(gateway.complete(max_tokens=1_000).headers["x-ratelimit-remaining-tokens"]) > 300


def test_without_limits_nothing_is_said_of_any(gateway: Gateway, settings: Any) -> None:
    settings.CLOD_ORGANIZATION_RATES = (0, 0)
    snapshots.forget()
    answer = gateway.complete()
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("x-ratelimit")]


def test_people_in_studio_have_the_usual_limits_of_a_key(gateway: Gateway, alice: User, project: Project, settings: Any) -> None:
    settings.CLOD_KEY_RATES = (1, 0)
    session = browser(alice).session
    _, token = tokens.issue(alice, project, session.session_key)
    body = {"model": "paris", "messages": [{"role": "user", "content": "hi"}]}
    bearer = {"authorization": f"Bearer {token}"}
    first, second = (gateway.client.post(gateway.path, json=body, headers=bearer) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert "this Studio user" in second.json()["error"]["message"]


@FAST_LANE
def test_smaller_calls_count_too(gateway: Gateway) -> None:
    _limit_key(gateway, requests=2)
    assert [gateway.client.get("/v1/models").status_code for _ in range(3)] == [200, 200, 429]
    assert gateway.client.get("/healthz").status_code == 200


def test_an_address_with_many_bad_keys_is_told_to_stop(gateway: Gateway, settings: Any) -> None:
    settings.CLOD_BAD_KEYS_PER_MINUTE = 3
    bad = {"authorization": f"Bearer {gateway.key[:-1]}" + ("x" if gateway.key[-1] != "x" else "y")}
    body = {"model": "paris", "messages": [{"role": "user", "content": "hi"}]}
    answers: list[httpx2.Response] = [gateway.client.post(gateway.path, json=body, headers=bad) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["error"]["code"] == "rate_limit_exceeded"
    assert gateway.complete().status_code == 200  # who has a good key is not held up by a neighbour


def test_addresses_of_one_ipv6_customer_are_one(settings: Any) -> None:
    settings.CLOD_BAD_KEYS_PER_MINUTE = 1
    strangers.forget()
    addresses = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "192.0.2.1", "192.0.2.2", "")
    assert [strangers.refused(address).status for address in addresses] == [401, 429, 401, 401, 401, 401]


def test_durations_are_written_as_openai_writes_them() -> None:
    assert [headers._duration(seconds) for seconds in (0, 0.0171, 1, 8.64, 59.9999, 360, 61.5)] == [
        "0ms",
        "18ms",
        "1s",
        "8.64s",
        "1m0s",
        "6m0s",
        "1m1.5s",
    ]
