"""/v1/completions: plain text continued, through the same pipeline as chat."""

import json
from typing import Any

import httpx2
import pytest
from aiohttp import web
from openai.types import Completion

from activity.models import Request
from catalog import versions
from catalog.models import Endpoint
from gateway import snapshots
from gateway.wire.completions import request, response
from gateway.wire.response import Head
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.fake_upstream import serving

HEAD = Head("cmpl-1", 1, "Paris")
TOKENS = [{"token": "A ", "logprob": -0.5, "bytes": [65], "top_logprobs": [{"token": "B", "logprob": -1}]}, {"token": "c", "logprob": -2}]
OLDER = {"tokens": ["A ", "c"], "token_logprobs": [-0.5, -2], "top_logprobs": [{"B": -1}, {}], "text_offset": [0, 2]}


def complete(gateway: Gateway, model: str = "fake/echo", prompt: Any = "Once upon a time", **fields: Any) -> httpx2.Response:
    return gateway.post("completions", model=model, prompt=prompt, **fields)


def events(gateway: Gateway, model: str, **fields: Any) -> list[str]:
    answered = complete(gateway, model, stream=True, **fields)
    assert answered.status_code == 200, answered.text
    return [line.removeprefix("data: ") for line in answered.text.splitlines() if line.startswith("data: ")]


def official(text: str) -> dict[str, Any]:
    """A chunk; OpenAI sends null for a reason that is not there yet, which its own type does not say."""
    chunk: dict[str, Any] = json.loads(text)
    for choice in chunk["choices"]:
        assert set(choice) == {"index", "text", "logprobs", "finish_reason"}
    choices = [choice | {"finish_reason": choice["finish_reason"] or "stop"} for choice in chunk["choices"]]
    Completion.model_validate_json(json.dumps(chunk | {"choices": choices}), strict=True)
    return chunk


# --- the charging table ------------------------------------------------------------------------------


def test_it_answers_and_charges_what_was_used(fakes: Gateway) -> None:
    answered = complete(fakes)
    body, row = Completion.model_validate_json(answered.content, strict=True), fakes.row(answered)
    assert (body.choices[0].text, body.choices[0].finish_reason, body.id[:5]) == ("Once upon a time", "stop", "cmpl-")
    assert (row.operation, row.status, row.prompt_tokens, row.completion_tokens) == ("completions", "ok", 4, 4)
    assert row.cost_nanousd == (4 * 1000 + 4 * 4000) * 105 // 100


def test_a_stream_is_told_in_chunks_of_text(fakes: Gateway) -> None:
    *told, usage, done = events(fakes, "fake/echo", stream_options={"include_usage": True})
    chunks = [official(one) for one in told]
    assert "".join(chunk["choices"][0]["text"] for chunk in chunks) == "Once upon a time"
    assert {(chunk["object"], chunk["model"]) for chunk in chunks} == {("text_completion", "fake/echo")}
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (official(usage)["choices"], json.loads(usage)["usage"]["total_tokens"], done) == ([], 8, "[DONE]")
    assert (fakes.settled().operation, fakes.settled().is_stream) == ("completions", True)


def test_every_prompt_is_answered_n_times_and_held_for(fakes: Gateway) -> None:
    answered = complete(fakes, prompt=["one two", "three four"], n=2, max_tokens=1)
    assert [choice["index"] for choice in answered.json()["choices"]] == [0, 1, 2, 3]
    assert answered.json()["choices"][0]["finish_reason"] == "length"
    assert fakes.row(answered).completion_tokens == 4
    assert not fakes.row(answered).is_usage_suspect


def test_sixteen_tokens_are_written_where_no_limit_is_given(fakes: Gateway) -> None:
    assert fakes.row(complete(fakes, "fake/long")).completion_tokens == 16
    assert fakes.row(complete(fakes, "fake/long", max_tokens=40)).completion_tokens == 40


def test_usage_nobody_believes_is_clamped(fakes: Gateway) -> None:
    assert fakes.row(complete(fakes, "fake/absurd-usage")).is_usage_suspect
    assert fakes.row(complete(fakes, "fake/zero-usage")).cost_nanousd == 0
    unknown = fakes.row(complete(fakes, "fake/no-usage"))
    assert unknown.is_estimated
    assert 0 < unknown.completion_tokens <= 16


@pytest.mark.parametrize("model", ["fake/cut-mid-stream", "fake/error-mid-stream", "fake/stall-mid-stream"])
def test_streams_that_break_are_paid_for_as_far_as_they_came(fakes: Gateway, model: str) -> None:
    told = events(fakes, model)
    row = fakes.settled()
    assert "[DONE]" not in told
    assert "error" in json.loads(told[-1])
    assert (row.status, row.completion_tokens, row.is_estimated) == ("truncated", 3, True)


@pytest.mark.parametrize("model", ["fake/no-done", "fake/usage-every-chunk", "fake/rejects-stream-options"])
def test_streams_that_end_well(fakes: Gateway, model: str) -> None:
    assert events(fakes, model)[-1] == "[DONE]"
    assert fakes.settled().status == "ok"


@pytest.mark.parametrize(
    ("model", "status", "row_status"),
    [("fake/error-400", 400, "rejected"), ("fake/error-500", 502, "upstream_error"), ("fake/hang", 504, "upstream_error")],
)
def test_what_fails_costs_nothing(fakes: Gateway, model: str, status: int, row_status: str) -> None:
    failed = complete(fakes, model)
    assert (failed.status_code, fakes.row(failed).status, fakes.row(failed).cost_nanousd) == (status, row_status, 0)


def test_a_client_that_leaves_pays_what_was_written(fakes: Gateway) -> None:
    body = {"model": "fake/slow", "prompt": "x", "stream": True, "max_tokens": 100, "fake": {"first_s": 0, "words": 100}}
    with fakes.client.stream("POST", fakes.path.replace("chat/completions", "completions"), json=body) as answered:
        for line, _ in zip(answered.iter_lines(), range(5), strict=False):
            assert line is not None
    row = fakes.settled()
    assert (row.status, row.is_estimated) == ("client_closed", True)
    assert 1 <= row.completion_tokens < 100


# --- what is asked -----------------------------------------------------------------------------------


NO_TEXTS = [
    ({"prompt": None}, "prompt"),
    ({"prompt": []}, "prompt"),
    ({"prompt": ["a", 1]}, "prompt"),
    ({"prompt": 5}, "prompt"),
    ({"prompt": ["a", "b"], "n": 65}, "n"),
    ({"n": 2, "best_of": 3}, "best_of"),
    ({"best_of": 2}, "best_of"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": 20_000}, "max_tokens"),
    ({"logprobs": True}, "logprobs"),
    ({"logprobs": 5}, "logprobs"),
    ({"echo": True}, "echo"),
    ({"suffix": "The end."}, "suffix"),
    ({"temperature": 3}, "temperature"),
    ({"prompt": "word " * 300_000}, "prompt"),
]


def test_what_cannot_be_done_is_refused_by_field(fakes: Gateway, subtests: pytest.Subtests) -> None:
    for fields, param in NO_TEXTS:
        with subtests.test(str(fields)[:40]):
            refused = fakes.post("completions", **({"model": "fake/echo", "prompt": "x"} | fields))
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)
            assert Request.objects.count() == 0


def test_what_goes_upstream_has_a_limit_and_nothing_of_ours(gateway: Gateway) -> None:
    seen: list[dict[str, Any]] = []

    async def answer(http: web.Request) -> web.Response:
        seen.append(await http.json())
        return web.json_response(
            {"choices": [{"text": "x", "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
        )

    with serving(answer, "/v1/completions") as address:
        _offer(gateway, "text", address)
        assert complete(gateway, "text", [1, 2, 3], api_key="sk-x", max_completion_tokens=9, top_k=3, echo=True).status_code == 200
    assert seen == [{"model": "text", "prompt": [1, 2, 3], "max_tokens": 9, "top_k": 3, "echo": True}]


def test_a_chat_model_says_where_it_is_called(fakes: Gateway) -> None:
    refused = complete(fakes, "paris").json()["error"]
    assert refused["message"] == "Paris is a chat model; call it at /v1/chat/completions."


# --- what comes back ---------------------------------------------------------------------------------


def whole(choice: dict[str, Any]) -> dict[str, Any]:
    ask = request.parse(b'{"model": "m", "prompt": "x"}')
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    body = response.body(HEAD, response.read(json.dumps({"choices": [choice]}).encode(), ask), usage)
    Completion.model_validate_json(body, strict=True)
    told: dict[str, Any] = json.loads(body)["choices"][0]
    return told


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"text": "A c", "logprobs": {"content": TOKENS}}, OLDER),
        ({"text": "A c", "logprobs": OLDER}, OLDER),
        ({"text": "A c", "logprobs": {"tokens": 3}}, None),
        ({"text": "A c", "logprobs": None}, None),
        ({"text": "A c"}, None),
    ],
)
def test_log_probabilities_have_the_older_shape(sent: dict[str, Any], told: Any) -> None:
    assert whole(sent)["logprobs"] == told


def test_offsets_go_on_over_the_chunks_of_a_stream() -> None:
    reader = response.Chunks()
    sent = {"choices": [{"index": 0, "text": "A c", "logprobs": {"content": TOKENS}}]}
    pieces = [reader.read(json.dumps(sent).encode()) for _ in range(2)]
    assert [piece.choices[0].logprobs.text_offset for piece in pieces] == [[0, 2], [3, 5]]


@pytest.mark.parametrize(
    ("said", "told"), [("stop", "stop"), ("max_tokens", "length"), ("SAFETY", "content_filter"), ("tool_calls", "stop"), (None, "stop")]
)
def test_reasons_are_those_of_the_older_kind(said: str | None, told: str) -> None:
    assert whole({"text": "x", "finish_reason": said, "evil": 1}) == {"index": 0, "text": "x", "logprobs": None, "finish_reason": told}


@FAST_LANE
@pytest.mark.parametrize(
    "stream",
    [
        b"data: <html>\n\n",
        b"event: x\r\ndata: [DONE\r\n\r\n",
        b'data: {"choices": [{"text": {"a": 1}, "index": "x"}]}\n\n',
        b"data: " + b"[" * 2000,
    ],
)
def test_a_hostile_stream_ends_with_an_error_and_not_with_done(gateway: Gateway, stream: bytes) -> None:
    async def lie(http: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(http)
        await answer.write(b'id: 1\ndata: {"choices": [{"text": "a\\ndata: b", "evil": 1}], "error": null}\n\n' + stream)
        return answer

    with serving(lie, "/v1/completions") as address:
        _offer(gateway, "liar", address)
        told = events(gateway, "liar")
        row = gateway.settled()
    assert official(told[0])["choices"][0] == {"index": 0, "text": "a\ndata: b", "logprobs": None, "finish_reason": None}
    assert (len(told), json.loads(told[1])["error"]["code"], row.status) == (2, "upstream_error", "truncated")


def _offer(gateway: Gateway, slug: str, address: str) -> None:
    gateway.offer(slug, slug, operations=["completions"])
    Endpoint.objects.filter(model__slug=slug).update(base_url=address.removesuffix("/completions"))
    versions.bump()
    snapshots.forget()
