"""Upstreams that lie, drown us, or say the unspeakable: clients get well-formed answers, and pay only for what is believable."""

import asyncio
import gzip
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web
from django.test import override_settings

from billing.models import Attempt
from catalog import health
from catalog.models import Endpoint, Model
from gateway import outbox, snapshots, sse
from gateway.upstream import verdict
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.fake_upstream import serving

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HELLO = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}\n\n'
END = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WHOLE = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}
USAGE = {"prompt_tokens": 20, "completion_tokens": 7}


@contextmanager
def _upstream(gateway: Gateway, handler: Handler, slug: str = "evil") -> Iterator[Model]:
    """A model whose only endpoint is this handler."""

    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        return await handler(request)

    with serving(answer) as base_url:
        model = shop.model(slug)
        shop.endpoint(model, base_url, slug)
        snapshots.forget()
        yield model


def _streams(*parts: bytes, pause_s: float = 0.0) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for part in parts:
            await response.write(part)
            await asyncio.sleep(pause_s)
        return response

    return handler


def _answers(body: bytes, status: int = 200, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, status=status, headers={"content-type": "application/json"} | headers)

    return handler


def _raw_stream(gateway: Gateway) -> bytes:
    body = {"model": "evil", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    return gateway.client.post(gateway.path, json=body).content


def _events(raw: bytes) -> list[str]:
    """As a strict reader of server-sent events sees them: one ``data`` line each, nothing else."""
    *events, rest = raw.decode().split("\n\n")
    assert rest == ""
    assert all(event.startswith("data: ") and "\n" not in event and "\r" not in event for event in events), raw
    return [event.removeprefix("data: ") for event in events]


def _ends_in_error(raw: bytes) -> None:
    events = _events(raw)
    assert "[DONE]" not in events
    assert json.loads(events[-1])["error"]["code"] == "upstream_error"


@pytest.mark.parametrize(
    "forged",
    [
        b'data: {"choices":[{"index":0,"delta":{"content":"x\\n\\ndata: [DONE]\\n\\n"}}]}\n\n',
        b'event: error\rid: 9\rretry: 1\rdata: {"choices":[{"index":0,"delta":{"content":"x"}}]}\r\r',
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":[\ndata: \ndata: {"index":0}\r\ndata: ]}}]}\n\n',
        b': data: [DONE]\n\ndata:{"choices":[{"index":0,"delta":{"content":"x","evil":"\\r\\ndata: x"}}]}\n\n',
        'data: {"choices":[{"index":0,"delta":{"content":"x\u2028\u0085y"}}]}\n\n'.encode(),
    ],
)
def test_no_upstream_can_write_a_line_of_our_stream(gateway: Gateway, forged: bytes) -> None:
    with _upstream(gateway, _streams(HELLO, forged, END)):
        events = _events(_raw_stream(gateway))
    assert events[-1] == "[DONE]"
    assert events.count("[DONE]") == 1
    assert [json.loads(event)["object"] for event in events[:-1]] == ["chat.completion.chunk"] * 3
    assert "evil" not in events[1]
    gateway.settled()


@pytest.mark.parametrize(
    "garbage",
    [
        b"data: " + b"x" * (sse.MAX_EVENT_BYTES + 1),
        b"data:\n" * (sse.MAX_EVENT_BYTES // 2),
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":' + b"[" * 100_000 + b"]" * 100_000 + b"}}]}\n\n",
        b'data: {"choices":[{"index":0,"delta":{"tool_calls":["\xff\xfe"]}}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"content":"\\ud800"}}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"content":NaN}}]}\n\n',
        b'data: {"choices": 7}\n\n',
        b'data: {"error": {"message": "boom"}}\n\n',
        b"data: <html>\n\n",
    ],
    ids=["endless line", "endless event", "deep", "not utf-8", "half a pair", "nan", "shape", "error", "html"],
)
def test_garbage_in_a_stream_ends_it_with_an_upstream_error(gateway: Gateway, garbage: bytes) -> None:
    with _upstream(gateway, _streams(HELLO, garbage, END)):
        _ends_in_error(_raw_stream(gateway))
    row = gateway.settled()
    assert (row.status, row.error_code) == ("truncated", "upstream_error")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"error": {"message": "busy"}}',
        b'{"choices":[{"message":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
        b'{"choices":[{"message":{"content":"\xff"}}]}',
    ],
)
def test_a_body_that_is_no_completion_is_a_502(gateway: Gateway, body: bytes) -> None:
    with _upstream(gateway, _answers(body)):
        response = gateway.complete("evil")
    assert response.status_code == 502
    assert response.json()["error"]["code"] == "upstream_error"
    assert gateway.row(response).cost_nanousd == 0


WRONG_HEADS = {
    "gzip": _answers(gzip.compress(json.dumps(WHOLE).encode()), **{"content-encoding": "gzip"}),
    "redirect": _answers(b"", 302, location="http://127.0.0.1:9/elsewhere"),
    "empty": _answers(b""),
    "html": _answers(b"<html>hello</html>", **{"content-type": "text/html"}),
    "error": _streams(b'data: {"error": {"message": "overloaded"}}\n\n'),
}
ONLY_OF_STREAMS = {"html", "error"}


@pytest.mark.parametrize(
    ("head", "stream"), [(head, stream) for head in WRONG_HEADS for stream in (True, False) if head not in ONLY_OF_STREAMS or stream]
)
def test_another_endpoint_is_asked_when_the_head_of_an_answer_is_wrong(gateway: Gateway, head: str, stream: bool) -> None:
    with _upstream(gateway, WRONG_HEADS[head]) as model:
        assert gateway.complete("evil", stream=stream).status_code == 502
        shop.endpoint(model, gateway.upstream.base_url, "paris", at="buf", price_ppm=1_200_000)
        snapshots.forget()
        assert gateway.complete("evil@price", stream=stream).status_code == 200
    assert gateway.settled(2).attempts == 2


def test_error_null_is_no_error(gateway: Gateway) -> None:
    chunk = b'data: {"error":null,"usage":null,"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
    with _upstream(gateway, _streams(chunk, END)):
        assert _events(_raw_stream(gateway))[-1] == "[DONE]"
    assert gateway.settled().status == "ok"


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens": -1, "completion_tokens": -1},
        {"prompt_tokens": 10**300, "completion_tokens": 10**300},
        {"prompt_tokens": "20", "completion_tokens": True},
        {"prompt_tokens": 1.5, "completion_tokens": None},
        {"prompt_tokens": 20, "completion_tokens": 10**12, "completion_tokens_details": {"reasoning_tokens": -7}},
        [],
        "lots",
    ],
)
def test_absurd_usage_at_the_end_of_a_stream_is_clamped(gateway: Gateway, usage: object) -> None:
    last = b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\n"
    with _upstream(gateway, _streams(HELLO, last, END)):
        assert _events(_raw_stream(gateway))[-1] == "[DONE]"
    row = gateway.settled()
    assert (row.status, row.is_usage_suspect) == ("ok", True)
    assert 0 <= row.cost_nanousd <= 8192 * 1_000 + 1000 * 4_000
    assert min(row.prompt_tokens, row.completion_tokens, row.reasoning_tokens) >= 0


LOGPROBS = {"content": [{"token": "S", "logprob": -0.5, "bytes": [83], "top_logprobs": []}], "refusal": None}


def test_tools_choices_and_reasoning_are_passed_on_unchanged(gateway: Gateway) -> None:
    sent = [
        [{"index": 0, "delta": {"role": "assistant", "content": None}, "finish_reason": None}],
        [{"index": 0, "delta": {"reasoning_content": "Let me think 🤔"}, "finish_reason": None}],
        [{"index": 1, "delta": {"role": "assistant", "content": "Second"}, "finish_reason": None, "logprobs": LOGPROBS}],
        [
            {
                "index": 0,
                "delta": {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":'}}]},
                "finish_reason": None,
            }
        ],
        [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ' "ä"}'}}]}, "finish_reason": "tool_calls"}],
        [{"index": 1, "delta": {}, "finish_reason": "stop"}],
    ]
    parts = [b"data: " + json.dumps({"choices": choices}).encode() + b"\n\n" for choices in sent]
    with _upstream(gateway, _streams(*parts, b"data: [DONE]\n\n")):
        events = _events(_raw_stream(gateway))
    assert [json.loads(event)["choices"] for event in events[:-1]] == sent
    assert gateway.settled().finish_reason in {"tool_calls", "stop"}


def test_an_upstream_that_falls_silent_ends_at_the_deadline_and_is_remembered(gateway: Gateway) -> None:
    for name in ("hang", "silent"):
        gateway.offer(name, name)
    with override_settings(CLOD_UPSTREAM_DEADLINE_S=1):
        responses = [gateway.complete("hang") for _ in range(3)]
        assert [response.status_code for response in responses] == [504] * 3
        assert "1 seconds" in responses[0].json()["error"]["message"]
        assert Attempt.objects.filter(request_id=gateway.row(responses[0]).id).get().outcome == "TimeoutError"
        assert Endpoint.objects.get(model__slug="hang").pk in health.unavailable()
        assert gateway.complete("silent", stream=True).status_code == 504
    assert {row.cost_nanousd for row in map(gateway.row, responses)} == {0}


def test_an_error_that_drags_on_is_not_waited_for(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "ERROR_BODY_S", 0.2)

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=400 if "stream" in await request.json() else 500)
        await response.prepare(request)
        await response.write(b'{"error": {"message": "half a sen')
        await asyncio.sleep(10)
        return response

    with _upstream(gateway, handler):
        started = time.monotonic()
        assert gateway.complete("evil").status_code == 502
        assert gateway.complete("evil", stream=False).status_code == 400
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"error": 7}', b'{"error": {"message": "a\\r\\nb\\u0000"}}', b"\xff"])
def test_any_words_of_refusal_make_a_well_formed_error(gateway: Gateway, body: bytes) -> None:
    with _upstream(gateway, _answers(body, 400)):
        response = gateway.complete("evil")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "upstream_refused"
    assert "\r" not in response.json()["error"]["message"]


def test_words_of_refusal_arrive_whole_and_without_our_secrets(gateway: Gateway) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        said = f"API key {request.headers['Authorization']} is not valid at {request.url.origin()}/v1" + "." * 20
        first, second = json.dumps({"error": {"message": said}}).encode()[:30], json.dumps({"error": {"message": said}}).encode()[30:]
        await response.write(first)
        await asyncio.sleep(0.1)
        await response.write(second)
        return response

    with _upstream(gateway, handler) as model:
        seller = shop.provider("seller", needs_credential=True)
        seller.set_credential("sk-upstream-secret")
        seller.save()
        Endpoint.objects.filter(model=model).update(provider=seller)
        response = gateway.complete("evil")
    message = response.json()["error"]["message"]
    assert "is not valid" in message
    assert "sk-upstream-secret" not in message
    assert "127.0.0.1" not in message


def test_a_kept_connection_that_died_is_replaced_and_no_failure_of_the_model(gateway: Gateway) -> None:
    calls = []

    async def handler(request: web.Request) -> web.StreamResponse:
        calls.append(request)
        if len(calls) == 2:
            assert request.transport
            request.transport.close()
            raise web.HTTPOk
        return web.json_response(WHOLE | {"usage": USAGE})

    with _upstream(gateway, handler):
        assert gateway.complete("evil").status_code == 200
        response = gateway.complete("evil")
    assert response.status_code == 200
    assert (gateway.row(response).attempts, len(calls)) == (2, 3)


def test_a_model_an_endpoint_does_not_know_is_no_fault_of_the_client(gateway: Gateway) -> None:
    with _upstream(gateway, _answers(b'{"error": {"message": "no such deployment"}}', 404)):
        assert gateway.complete("evil").status_code == 502


def test_a_large_body_goes_up_in_one_piece(gateway: Gateway) -> None:
    text = "word " * 300_000
    gateway.offer("wide", "echo", context_window=2_000_000)
    response = gateway.complete("wide", messages=[{"role": "user", "content": text}])
    assert response.status_code == 200, response.text
    assert response.json()["choices"][0]["message"]["content"] == text


@FAST_LANE
def test_a_reader_who_dawdles_past_the_deadline_is_not_the_models_fault(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FULL_BYTES", 1000)
    flood = b'data: {"choices":[{"index":0,"delta":{"content":"' + b"x" * 900_000 + b'"}}]}\n\n'
    with _upstream(gateway, _streams(*[flood] * 60)), override_settings(CLOD_UPSTREAM_DEADLINE_S=1):
        body = {"model": "evil", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        for count in range(1, 4):
            with gateway.client.stream("POST", gateway.path, json=body):
                row = gateway.settled(count)
            assert (row.status, Attempt.objects.get(request_id=row.id).outcome) == ("truncated", "unread")
    assert health.unavailable() == frozenset()


def test_what_we_do_not_know_about_is_paid_for_all_the_same(gateway: Gateway) -> None:
    """An upstream may make prompt of any field: all of them count towards what is held, so that nothing is used for nothing."""
    gateway.upstream.usage = {"prompt_tokens": 3000, "completion_tokens": 7}
    row = gateway.row(gateway.complete(functions=[{"name": "f", "description": "x" * 8000}]))
    assert (row.prompt_tokens, row.is_usage_suspect) == (3000, False)
