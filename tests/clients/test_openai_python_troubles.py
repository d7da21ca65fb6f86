"""The official Python client when things go wrong: its own error classes, its own retries and time-outs, and what is charged."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import uuid4

import openai
import pytest

from tests.clients.fakes import HASTY, NARROW, POOR, PYTHON
from tests.site import eventually

pytestmark = pytest.mark.site

ASK: list[Any] = [{"role": "user", "content": "one two three four five six seven eight"}]
ROUNDS = 5


@pytest.fixture
def client_of(fakes):
    """``client_of(POOR)``: the client with that key; without retries, unless told."""
    clients = []

    def client_of(key: str = PYTHON, **options: Any) -> openai.OpenAI:
        clients.append(
            openai.OpenAI(base_url=fakes.api_url, api_key=fakes.keys.get(key, key), **{"max_retries": 0, "timeout": 20} | options)
        )
        return clients[-1]

    yield client_of
    for client in clients:
        client.close()


@pytest.fixture
def completions(client_of):
    return client_of().chat.completions


@pytest.mark.parametrize(
    ("key", "asked", "kind", "status", "code"),
    [
        (PYTHON, {"model": "fake/echo", "temperature": 9}, openai.BadRequestError, 400, "invalid_request"),
        (PYTHON, {"model": "fake/error-400"}, openai.BadRequestError, 400, "upstream_refused"),
        ("sk-of-somebody-else", {"model": "fake/echo"}, openai.AuthenticationError, 401, "invalid_api_key"),
        (POOR, {"model": "fake/echo"}, openai.APIStatusError, 402, "insufficient_funds"),
        (NARROW, {"model": "fake/json"}, openai.PermissionDeniedError, 403, "model_not_allowed"),
        (PYTHON, {"model": "fake/nothing"}, openai.NotFoundError, 404, "model_not_found"),
        (PYTHON, {"model": "fake/error-401"}, openai.InternalServerError, 502, "upstream_error"),
        (PYTHON, {"model": "fake/refuse-connection"}, openai.InternalServerError, 502, "upstream_error"),
        (PYTHON, {"model": "gpt-4o"}, openai.InternalServerError, 503, "model_not_available"),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_refusal_is_the_client_s_own_error(client_of, key, asked, kind, status, code, stream):
    with pytest.raises(kind) as refusal:
        client_of(key).chat.completions.create(messages=ASK, stream=stream, **asked)
    assert (refusal.value.status_code, refusal.value.code) == (status, code)
    assert refusal.value.body["message"]
    assert refusal.value.request_id.startswith("req_")


def test_what_is_not_offered_is_not_found_and_says_what_is(client_of):
    with pytest.raises(openai.NotFoundError) as refusal:
        client_of().responses.create(model="fake/echo", input="one")
    assert refusal.value.code == "not_found"
    assert "/v1/chat/completions" in refusal.value.body["message"]


def test_a_refusal_for_money_is_not_retried_and_tells_the_amounts(client_of):
    with pytest.raises(openai.APIStatusError) as refusal:
        client_of(POOR, max_retries=2).chat.completions.create(model="fake/echo", messages=ASK)
    assert refusal.value.response.request.headers["x-stainless-retry-count"] == "0"
    assert float(refusal.value.body["needed_usd"]) > float(refusal.value.body["available_usd"]) == 0


def test_a_rate_limit_is_its_own_error_and_a_retry_waits_as_long_as_it_says(client_of):
    client = client_of(HASTY)
    refusal = first_refusal(client)
    assert (refusal.status_code, refusal.code) == (429, "rate_limit_exceeded")
    assert int(refusal.response.headers["retry-after"]) > 1, "the client's own first pause would be as long"
    again = client.with_options(max_retries=1).chat.completions.with_raw_response.create(model="fake/echo", messages=ASK)
    assert again.retries_taken == 1


def first_refusal(client: openai.OpenAI) -> openai.RateLimitError:
    for _ in range(ROUNDS):
        try:
            client.chat.completions.create(model="fake/echo", messages=ASK)
        except openai.RateLimitError as refusal:
            return refusal
    raise AssertionError("no call was too many")


def test_a_failure_of_the_provider_is_tried_again_and_costs_nothing(client_of, fakes):
    with pytest.raises(openai.InternalServerError) as failure:
        client_of(max_retries=1).chat.completions.create(model="fake/error-500", messages=ASK)
    assert failure.value.response.request.headers["x-stainless-retry-count"] == "1"
    rows = fakes.rows(PYTHON, "fake/error-500")
    assert [(row["status"], row["cost_usd"]) for row in rows] == [("upstream_error", "0")] * 2


def test_a_client_out_of_patience_pays_nothing(client_of, fakes):
    with pytest.raises(openai.APITimeoutError):
        client_of(timeout=0.5).chat.completions.create(model="fake/hang", messages=ASK)
    assert eventually(lambda: fakes.rows(PYTHON, "fake/hang"))
    assert [(row["status"], row["cost_usd"]) for row in fakes.rows(PYTHON, "fake/hang")] == [("client_closed", "0")]


def test_a_stream_that_falls_silent_times_out_after_what_it_said(client_of):
    said = []
    with pytest.raises(openai.APITimeoutError):
        said += texts(client_of(timeout=1).chat.completions.create(model="fake/stall-mid-stream", messages=ASK, stream=True))
    assert said == ["Same ", "request, ", "same "]


def texts(stream: Iterable[Any]) -> Iterator[str]:
    return (chunk.choices[0].delta.content for chunk in stream)


@pytest.mark.parametrize("model", ["fake/cut-mid-stream", "fake/error-mid-stream"])
def test_a_stream_that_breaks_off_is_an_error_after_what_it_said(completions, fakes, model):
    said = []
    with pytest.raises(openai.APIError) as failure:
        said += texts(completions.create(model=model, messages=ASK, stream=True))
    assert failure.value.code == "upstream_error"
    assert said == ["Same ", "request, ", "same "]
    assert fakes.rows(PYTHON, model)[0]["status"] == "truncated"


def test_a_client_that_hangs_up_pays_for_what_was_written_so_far(completions, fakes):
    with completions.create(model="fake/long", messages=ASK, stream=True, extra_body={"fake": {"pause_s": 0.02}}) as stream:
        request = stream.response.headers["x-request-id"]
        for _, _ in zip(range(5), stream, strict=False):
            pass
    assert eventually(lambda: fakes.row(PYTHON, request) is not None)
    row = fakes.row(PYTHON, request)
    assert row["status"] == "client_closed"
    assert 5 <= row["completion_tokens"] < 500


def test_a_call_sent_again_gets_the_same_answer_and_is_charged_once(completions, fakes):
    asked = {"model": "fake/no-done", "messages": ASK, "extra_headers": {"Idempotency-Key": str(uuid4())}}
    first, second = (completions.create(**asked) for _ in range(2))
    assert first == second
    assert len(fakes.rows(PYTHON, "fake/no-done")) == 1
    with pytest.raises(openai.UnprocessableEntityError) as refusal:
        completions.create(**asked, n=2)
    assert refusal.value.code == "idempotency_key_reused"


def test_a_call_sent_while_the_first_one_runs_is_retried_until_it_has_the_same_answer(fakes):
    asked = {"model": "fake/slow", "messages": ASK, "extra_headers": {"Idempotency-Key": str(uuid4())}}

    async def twice(max_retries: int) -> list[Any]:
        async with openai.AsyncOpenAI(base_url=fakes.api_url, api_key=fakes.keys[PYTHON], max_retries=max_retries, timeout=20) as client:
            return await asyncio.gather(*(client.chat.completions.create(**asked) for _ in range(2)), return_exceptions=True)

    conflicts = [answer for answer in asyncio.run(twice(0)) if isinstance(answer, openai.ConflictError)]
    assert [conflict.code for conflict in conflicts] == ["idempotency_key_in_use"]
    asked["extra_headers"] = {"Idempotency-Key": str(uuid4())}
    first, second = asyncio.run(twice(2))
    assert first.id == second.id
    assert len(fakes.rows(PYTHON, "fake/slow")) == 2
