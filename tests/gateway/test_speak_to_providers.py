"""Calls that reach Anthropic and Google in their own words: what the client sees and what it costs."""

import json
from typing import Any

import pytest
from openai import OpenAI

from activity.models import Request
from billing.models import Attempt
from catalog import health
from catalog.models import Endpoint
from gateway import snapshots
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.provider_server import SECRET, provider_server
from tests.providers.speaking import ASK, WEATHER, joined, recorded

CLAUDE, GEMINI = ("anthropic", "claude-sonnet-4-5"), ("gemini", "gemini-2.5-flash")
BOTH = pytest.mark.parametrize(("adapter", "model"), [CLAUDE, GEMINI], ids=["anthropic", "gemini"])
ERRORS = {
    "anthropic": b'{"type":"error","error":{"type":"invalid_request_error","message":"%s"},"request_id":"req_1"}',
    "gemini": b'{"error": {"code": 400, "message": "%s", "status": "INVALID_ARGUMENT", "details": []}}',
}
OUR_FAULT = {
    "anthropic": b"Your credit balance is too low to access the Anthropic API.",
    "gemini": b"API key not valid. Please pass a valid API key.",
}


def _cost(prompt: int, completion: int) -> int:
    """At $1 and $4 per million tokens, with 5 % for the routing."""
    return (prompt * 1000 + completion * 4000) * 105 // 100


@BOTH
def test_a_whole_answer_and_its_price(gateway: Gateway, adapter: str, model: str) -> None:
    with provider_server(gateway, adapter, model, answer="text.json") as (server, _):
        response = gateway.complete("clever", messages=[{"role": "user", "content": "What is the capital of France? " * 10}])
    body = response.json()
    row = gateway.row(response)
    counts = {"anthropic": (14, 10), "gemini": (114, 60)}[adapter]
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "The capital of France is Paris."}
    assert (body["model"], body["object"], body["choices"][0]["finish_reason"]) == ("Clever", "chat.completion", "stop")
    assert (row.prompt_tokens, row.completion_tokens, row.is_estimated) == (*counts, False)
    assert row.cost_nanousd == _cost(*counts)
    assert (row.cached_tokens, row.reasoning_tokens) == {"anthropic": (0, 0), "gemini": (100, 50)}[adapter]
    assert server.urls == [{"anthropic": "/v1/messages", "gemini": "/v1beta/models/gemini-2.5-flash:generateContent"}[adapter]]


@BOTH
def test_a_stream_and_its_price(gateway: Gateway, adapter: str, model: str) -> None:
    with provider_server(gateway, adapter, model, answer="text.sse") as (server, _):
        events = gateway.stream("clever", stream_options={"include_usage": True})
    row = gateway.settled()
    assert events[-1] == "[DONE]"
    assert events.count("[DONE]") == 1
    message = joined([json.loads(event) for event in events[:-1]])
    counts = {"anthropic": (120, 10), "gemini": (14, 18)}[adapter]
    assert (message["content"], message["finish_reason"]) == ("The capital is Paris.\n", "stop")
    assert (message["usage"]["prompt_tokens"], message["usage"]["completion_tokens"]) == counts
    assert (row.status, row.cost_nanousd) == ("ok", _cost(*counts))
    assert "stream_options" not in server.asked[0]


@BOTH
@FAST_LANE
def test_tool_calls_in_a_stream(gateway: Gateway, adapter: str, model: str) -> None:
    with provider_server(gateway, adapter, model, answer="tools.sse"):
        events = gateway.stream("clever", tools=[WEATHER])
    message = joined([json.loads(event) for event in events[:-1]])
    assert [call["name"] for call in message["tool_calls"]] == ["weather", "clock"]
    assert [json.loads(call["arguments"]) for call in message["tool_calls"]] == [{"city": "Paris"}, {}]
    assert gateway.settled().finish_reason == "tool_calls"


@BOTH
@FAST_LANE
def test_the_official_client_understands_it(gateway: Gateway, adapter: str, model: str) -> None:
    official = OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0)
    with provider_server(gateway, adapter, model, answer="tools.sse") as (server, _), official as client:
        asked = {"model": "clever", "messages": ASK, "tools": [WEATHER]}
        with client.chat.completions.stream(**asked) as stream:
            streamed = stream.get_final_completion()
        server.answer = "tools.json"
        whole = client.chat.completions.create(**asked)
    for completion in (streamed, whole):
        first, second = completion.choices[0].message.tool_calls
        assert (first.function.name, json.loads(first.function.arguments)["city"], second.function.name) == ("weather", "Paris", "clock")
        assert completion.choices[0].finish_reason == "tool_calls"
    gateway.settled(2)


@FAST_LANE
def test_what_a_provider_adds_to_explain_tools_is_believed_and_paid_for(gateway: Gateway) -> None:
    whole = json.loads(recorded("anthropic/text.json"))
    whole["usage"]["input_tokens"] = 590
    with provider_server(gateway, *CLAUDE, answer=json.dumps(whole).encode()):
        tool = {"type": "function", "function": {"name": "f"}}
        row = gateway.row(gateway.complete("clever", messages=[{"role": "user", "content": "Hi"}], tools=[tool]))
    assert (row.prompt_tokens, row.is_usage_suspect) == (590, False)


@BOTH
@FAST_LANE
def test_our_credential_goes_in_a_header_and_nowhere_else(gateway: Gateway, adapter: str, model: str) -> None:
    with provider_server(gateway, adapter, model, answer=ERRORS[adapter] % SECRET.encode(), status=400) as (server, _):
        response = gateway.complete("clever")
    assert server.headers[0][{"anthropic": "x-api-key", "gemini": "x-goog-api-key"}[adapter]] == SECRET
    assert "authorization" not in server.headers[0]
    assert SECRET not in server.urls[0] + str(server.asked[0]) + response.text
    assert server.headers[0].get("anthropic-version") == {"anthropic": "2023-06-01", "gemini": None}[adapter]


@BOTH
@FAST_LANE
def test_what_the_provider_refuses_is_told_in_its_words_and_free(gateway: Gateway, adapter: str, model: str) -> None:
    with provider_server(gateway, adapter, model, answer=ERRORS[adapter] % b"max_tokens: too many", status=400):
        response = gateway.complete("clever")
    assert response.status_code == 400
    assert "max_tokens: too many" in response.json()["error"]["message"]
    assert (gateway.row(response).status, gateway.row(response).cost_nanousd) == ("rejected", 0)


@BOTH
@FAST_LANE
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 529])
def test_trouble_that_is_not_the_clients_goes_to_another_endpoint(gateway: Gateway, adapter: str, model: str, status: int) -> None:
    said = ERRORS[adapter] % OUR_FAULT[adapter]
    with provider_server(gateway, adapter, model, answer=said, status=status) as (_, clever):
        shop.endpoint(clever, gateway.upstream.base_url, "paris", at="other", price_ppm=1_200_000)
        snapshots.forget()
        response = gateway.complete("clever")
        row = gateway.row(response)
        assert (response.status_code, row.provider, row.attempts) == (200, "other", 2)
        for _ in range(2):
            gateway.complete("clever")
        assert Endpoint.objects.get(provider__slug=adapter).pk in health.unavailable()


@FAST_LANE
def test_a_stream_that_begins_with_an_error_goes_to_another_endpoint(gateway: Gateway) -> None:
    with provider_server(gateway, *CLAUDE, answer="overloaded.sse") as (_, clever):
        shop.endpoint(clever, gateway.upstream.base_url, "paris", at="other", price_ppm=1_200_000)
        snapshots.forget()
        assert gateway.stream("clever")[-1] == "[DONE]"
    assert gateway.settled().provider == "other"
    assert Attempt.objects.get(number=1).outcome == "error before its first word"


@FAST_LANE
def test_a_stream_that_breaks_is_paid_for_by_its_counted_prompt_and_what_was_delivered(gateway: Gateway) -> None:
    with provider_server(gateway, *CLAUDE, answer="text.sse") as (server, _):
        server.answer = recorded("anthropic/text.sse").split(b"event: content_block_stop")[0]
        events = gateway.stream("clever")
    row = gateway.settled()
    assert "[DONE]" not in events
    assert json.loads(events[-1])["error"]["code"] == "upstream_error"
    assert (row.status, row.prompt_tokens, row.is_estimated) == ("truncated", 120, True)
    assert 0 < row.completion_tokens < 10
    assert row.cost_nanousd > 0


@FAST_LANE
def test_a_client_that_leaves_pays_for_the_counted_prompt_and_what_was_written(gateway: Gateway) -> None:
    begun = recorded("anthropic/text.sse").split(b"event: content_block_stop")[0]
    with provider_server(gateway, *CLAUDE, answer=begun, stalls=True):
        body = {"model": "clever", "messages": ASK, "stream": True}
        with gateway.client.stream("POST", gateway.path, json=body) as response:
            lines = response.iter_lines()
            while "is Paris" not in next(lines):
                pass
        row = gateway.settled()
    assert (row.status, row.prompt_tokens, row.is_estimated) == ("client_closed", 120, True)
    assert row.cost_nanousd == _cost(120, row.completion_tokens)
    assert row.completion_tokens > 0


HOSTILE = 'x\n\ndata: [DONE]\n\nevent: error\r\ndata: {"error": 1}\r\r\u2028'


@FAST_LANE
@pytest.mark.parametrize(
    ("adapter", "model", "event"),
    [
        (*CLAUDE, {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": HOSTILE}}),
        (*GEMINI, {"candidates": [{"content": {"parts": [{"text": HOSTILE}]}, "index": 0}]}),
    ],
    ids=["anthropic", "gemini"],
)
def test_no_provider_can_write_a_line_of_our_stream(gateway: Gateway, adapter: str, model: str, event: dict[str, Any]) -> None:
    forged = b"event: done\ndata: " + json.dumps(event).encode() + b"\n\n" + recorded(f"{adapter}/text.sse")
    with provider_server(gateway, adapter, model, answer=forged):
        raw = gateway.client.post(gateway.path, json={"model": "clever", "messages": ASK, "stream": True}).content
    *events, rest = raw.decode().split("\n\n")
    assert rest == ""
    assert all(event.startswith("data: ") and "\n" not in event and "\r" not in event for event in events)
    assert events.count("data: [DONE]") == 1
    assert joined([json.loads(event[6:]) for event in events[:-1]])["content"] == HOSTILE + "The capital is Paris.\n"
    gateway.settled()


@FAST_LANE
@pytest.mark.parametrize("stream", [True, False])
def test_a_prompt_that_google_blocks_is_refused_and_free(gateway: Gateway, stream: bool) -> None:
    with provider_server(gateway, *GEMINI, answer="blocked.json") as (server, _):
        if stream:
            server.answer = b"data: " + recorded("gemini/blocked.json").replace(b"\n", b"") + b"\r\n\r\n"
        response = gateway.complete("clever", stream=stream)
    assert response.status_code == 400
    assert "PROHIBITED_CONTENT" in response.json()["error"]["message"]
    assert (gateway.row(response).status, gateway.row(response).cost_nanousd) == ("rejected", 0)
    assert health.unavailable() == frozenset()


@FAST_LANE
def test_what_one_provider_cannot_do_another_may(gateway: Gateway) -> None:
    with provider_server(gateway, *CLAUDE, answer="text.json") as (server, clever):
        refused = gateway.complete("clever", mirostat=2)
        assert (refused.status_code, refused.json()["error"]["param"]) == (400, "mirostat")
        assert "Anthropic has nothing like 'mirostat'" in refused.json()["error"]["message"]
        assert not Request.objects.exists()
        shop.endpoint(clever, gateway.upstream.base_url, "paris", at="other", price_ppm=1_200_000)
        snapshots.forget()
        row = gateway.row(gateway.complete("clever", mirostat=2))
    assert (row.provider, row.attempts, server.asked) == ("other", 1, [])
    assert row.cost_nanousd == 57_600  # at its own price: 20 × $1.20 + 7 × $4.80 per million
    assert (row.routing["excluded"][0]["provider"], row.routing["excluded"][0]["constraint"]) == ("anthropic", "adapter")


@FAST_LANE
def test_an_answer_in_no_dialect_is_a_502(gateway: Gateway) -> None:
    with provider_server(gateway, *GEMINI, answer=b'{"choices": []}'):
        response = gateway.complete("clever")
    assert response.status_code == 502
    assert gateway.row(response).cost_nanousd == 0
