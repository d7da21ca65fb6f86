"""/v1/embeddings: the same pipeline as for chat, with an answer that costs nothing beside its input."""

import base64
import json
import struct
from typing import Any

import httpx2
import pytest
from aiohttp import web
from openai.types import CreateEmbeddingResponse

from activity.models import Request
from gateway import snapshots
from gateway.wire.embeddings import request, response
from gateway.wire.response import Head
from projects.models import ApiKey
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.fake_upstream import serving

USAGE = {"prompt_tokens": 1, "total_tokens": 1, "cost": 0, "cost_details": {}, "completion_tokens": 0}


def embed(gateway: Gateway, model: str = "fake/embedding", given: Any = "two words", **fields: Any) -> httpx2.Response:
    return gateway.post("embeddings", model=model, input=given, **fields)


def floats(text: str) -> list[float]:
    raw = base64.b64decode(text)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))


def told(*vectors: Any, inputs: int = 1, encoding: str = "float") -> dict[str, Any]:
    """An upstream's answer, as a client gets it."""
    ask = request.parse(json.dumps({"model": "m", "input": ["x"] * inputs, "encoding_format": encoding}).encode())
    body = response.body(Head("", 1, "M"), response.read(json.dumps({"data": vectors}).encode(), ask), USAGE)
    if encoding == "float":  # the official type has no text for vectors; its client decodes them first
        CreateEmbeddingResponse.model_validate_json(body, strict=True)
    answer: dict[str, Any] = json.loads(body)
    return answer


# --- the charging table ------------------------------------------------------------------------------


def test_it_answers_and_charges_the_input_only(fakes: Gateway) -> None:
    answered = embed(fakes, given=["one", "two words", "now three words"])
    body, row = answered.json(), fakes.row(answered)
    assert answered.status_code == 200
    CreateEmbeddingResponse.model_validate_json(answered.content, strict=True)
    assert [(vector["index"], len(vector["embedding"])) for vector in body["data"]] == [(0, 8), (1, 8), (2, 8)]
    assert (body["model"], body["usage"]["prompt_tokens"], body["usage"]["total_tokens"]) == ("fake/embedding", 6, 6)
    assert (row.operation, row.status, row.prompt_tokens, row.completion_tokens) == ("embeddings", "ok", 6, 0)
    assert row.cost_nanousd == 6 * 1000 * 105 // 100
    assert not row.is_estimated
    assert answered.headers["x-clod-cost-usd"] == "0.0000063"
    assert body["usage"]["cost"] == 0.0000063


def test_no_usage_is_counted_by_us(fakes: Gateway) -> None:
    row = fakes.row(embed(fakes, "fake/no-usage"))
    assert (row.is_estimated, row.is_usage_suspect, row.completion_tokens) == (True, False, 0)
    assert row.prompt_tokens > 0


def test_tokens_nobody_counted_are_those_that_were_sent(fakes: Gateway) -> None:
    assert fakes.row(embed(fakes, "fake/no-usage", [[101, 102, 103], [104]])).prompt_tokens == 4
    assert fakes.row(embed(fakes, "fake/no-usage", [101, 102, 103])).prompt_tokens == 3


def test_absurd_usage_is_not_believed_and_zero_is(fakes: Gateway) -> None:
    absurd, zero = fakes.row(embed(fakes, "fake/absurd-usage")), fakes.row(embed(fakes, "fake/zero-usage"))
    assert (absurd.is_usage_suspect, absurd.completion_tokens) == (True, 0)
    assert (zero.cost_nanousd, zero.is_usage_suspect) == (0, False)


@pytest.mark.parametrize(
    ("model", "status", "row_status"),
    [
        ("fake/error-400", 400, "rejected"),
        ("fake/error-500", 502, "upstream_error"),
        ("fake/hang-up", 502, "upstream_error"),
        ("fake/hang", 504, "upstream_error"),
        ("fake/refuse-connection", 502, "upstream_error"),
    ],
)
def test_what_fails_costs_nothing(fakes: Gateway, model: str, status: int, row_status: str) -> None:
    failed = embed(fakes, model)
    row = fakes.row(failed)
    assert (failed.status_code, row.status, row.cost_nanousd, row.operation) == (status, row_status, 0, "embeddings")


def test_a_client_that_left_pays_nothing(fakes: Gateway) -> None:
    with pytest.raises(httpx2.ReadTimeout), httpx2.Client(base_url=fakes.url, headers=fakes.client.headers, timeout=0.4) as hasty:
        hasty.post(fakes.path.replace("chat/completions", "embeddings"), json={"model": "fake/hang", "input": "x"})
    row = fakes.settled()
    assert (row.status, row.cost_nanousd) == ("client_closed", 0)


def test_a_free_model_uses_a_free_request(gateway: Gateway) -> None:
    with serving(_vectors, "/v1/embeddings") as address:
        gateway.offer("gift", "gift", is_free=True, operations=["embeddings"], max_output_tokens=0)
        _move("gift", address)
        answered = embed(gateway, "gift")
    assert (answered.status_code, answered.headers["x-clod-paid-by"]) == (200, "free")
    assert answered.headers["x-clod-free-requests-left"] == "99"


# --- what is asked -----------------------------------------------------------------------------------


def test_dimensions_and_base64_come_as_asked(fakes: Gateway) -> None:
    plain = embed(fakes, dimensions=3).json()["data"][0]["embedding"]
    packed = embed(fakes, dimensions=3, encoding_format="base64").json()["data"][0]["embedding"]
    assert len(plain) == 3
    assert floats(packed) == pytest.approx(plain)


NO_EMBEDDINGS = [
    ({"input": ""}, "input"),
    ({"input": []}, "input"),
    ({"input": ["a", ""]}, "input[1]"),
    ({"input": ["a", 1]}, "input"),
    ({"input": [1, [2]]}, "input"),
    ({"input": [-1]}, "input[0]"),
    ({"input": {"text": "a"}}, "input"),
    ({"input": None}, "input"),
    ({"input": ["a"] * 2049}, "input"),
    ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
    ({"input": "a", "dimensions": 0}, "dimensions"),
    ({"input": "a", "stream": True}, "stream"),
    ({"input": "a", "model": "nobody"}, "model"),
]


def test_what_cannot_be_embedded_is_refused_by_field(fakes: Gateway, subtests: pytest.Subtests) -> None:
    for fields, param in NO_EMBEDDINGS:
        with subtests.test(str(fields)[:40]):
            refused = fakes.post("embeddings", **({"model": "fake/embedding"} | fields))
            assert refused.status_code == (404 if "model" in fields else 400)
            assert refused.json()["error"]["param"] == param
            assert Request.objects.count() == 0


def test_what_is_too_long_for_sure_is_said_before_anybody_is_asked(fakes: Gateway) -> None:
    assert embed(fakes, given=["word " * 5000] * 3).status_code == 200  # each has the window for itself
    refused = embed(fakes, given=["short", "word " * 9000]).json()["error"]
    assert (refused["code"], refused["param"]) == ("context_length_exceeded", "input")
    assert "8192 tokens, and the input has at least 9000" in refused["message"]


def test_chat_models_and_embedding_models_say_where_they_are_called(fakes: Gateway) -> None:
    wrong = embed(fakes, "paris")
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "model")
    assert wrong.json()["error"]["message"] == "Paris is a chat model; call it at /v1/chat/completions."
    assert fakes.complete("fake/embedding").json()["error"]["message"] == "fake/embedding is an embedding model; call it at /v1/embeddings."
    assert embed(fakes, "@price").json()["model"] == "fake/embedding"
    assert fakes.complete("@price").json()["model"] != "fake/embedding"


def test_a_provider_that_speaks_otherwise_is_no_candidate(gateway: Gateway) -> None:
    model = shop.model("vectors", category="third_party", operations=["embeddings"], max_output_tokens=0)
    shop.endpoint(model, gateway.upstream.base_url, "vectors", provider=shop.provider("claude", adapter="anthropic"))
    snapshots.forget()
    refused = embed(gateway, "vectors")
    assert refused.status_code == 400
    assert "it has no /embeddings" in refused.json()["error"]["message"]


def test_a_repeated_key_is_charged_once_and_stands_for_its_operation(fakes: Gateway) -> None:
    fakes.client.headers["idempotency-key"] = "vectors-1"
    body = {"model": "fake/echo", "input": "two words", "prompt": "two words"}
    first, second = fakes.post("embeddings", **body), fakes.post("embeddings", **body)
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"
    assert fakes.post("completions", **body).status_code == 422
    assert Request.objects.count() == 1


def test_no_output_is_expected_of_its_rate(fakes: Gateway) -> None:
    ApiKey.objects.update(tokens_per_minute=600)
    snapshots.forget()
    assert embed(fakes, given="word " * 20).status_code == 200
    assert fakes.complete("fake/echo").status_code == 429
    assert embed(fakes, given="word " * 20).status_code == 200


# --- what comes back ---------------------------------------------------------------------------------


def test_vectors_are_told_in_order_and_as_asked_whatever_the_upstream_sent() -> None:
    packed = base64.b64encode(struct.pack("<2f", 0.5, -1)).decode()
    mixed = told({"index": 1, "embedding": packed, "evil": 1}, {"index": 0, "embedding": [1, 2.5]}, inputs=2)
    assert mixed["data"] == [
        {"object": "embedding", "index": 0, "embedding": [1, 2.5]},
        {"object": "embedding", "index": 1, "embedding": [0.5, -1]},
    ]
    assert floats(told({"index": 0, "embedding": [0.5, -1]}, encoding="base64")["data"][0]["embedding"]) == [0.5, -1]
    assert set(mixed["usage"]) == {"prompt_tokens", "total_tokens", "cost", "cost_details"}


def test_a_thousand_long_vectors_come_whole(fakes: Gateway) -> None:
    answered = embed(fakes, given=["one"] * 1000, dimensions=256).json()["data"]
    assert [(vector["index"], len(vector["embedding"])) for vector in answered] == [(index, 256) for index in range(1000)]


NOT_A_NUMBER = base64.b64encode(struct.pack("<f", float("nan"))).decode()


@pytest.mark.parametrize(
    "vectors",
    [
        (),
        ({"index": 0, "embedding": [1]}, {"index": 1, "embedding": [1]}),
        ({"index": 1, "embedding": [1]},),
        ({"index": 0, "embedding": []},),
        ({"index": 0, "embedding": [1, None]},),
        ({"index": 0, "embedding": ["1"]},),
        ({"index": 0, "embedding": "abc"},),
        ({"index": 0, "embedding": "AAAA"},),
        ({"index": 0, "embedding": NOT_A_NUMBER},),
        ({"index": 0},),
    ],
)
def test_what_is_no_vector_for_each_input_is_no_answer(vectors: tuple[Any, ...]) -> None:
    for encoding in ("float", "base64"):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever was wrong
            told(*vectors, encoding=encoding)


@FAST_LANE
@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": 1}', b'{"error": {"message": "x"}}', b'{"data": [' + b"[" * 50_000])
def test_a_hostile_upstream_is_a_failure_that_costs_nothing(gateway: Gateway, body: bytes) -> None:
    async def lie(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type="application/json")

    with serving(lie, "/v1/embeddings") as address:
        gateway.offer("liar", "liar", operations=["embeddings"], max_output_tokens=0)
        _move("liar", address)
        answered = embed(gateway, "liar")
    assert (answered.status_code, answered.json()["error"]["code"]) == (502, "upstream_error")
    assert "list of embeddings" in answered.json()["error"]["message"]
    assert gateway.row(answered).cost_nanousd == 0


async def _vectors(http: web.Request) -> web.Response:
    body = await http.json()
    assert "max_tokens" not in body
    return web.json_response({"data": [{"index": 0, "embedding": [0.1, 0.2]}], "usage": {"prompt_tokens": 2, "total_tokens": 2}})


def _move(slug: str, address: str) -> None:
    """Its endpoint listens elsewhere."""
    from catalog import versions
    from catalog.models import Endpoint

    Endpoint.objects.filter(model__slug=slug).update(base_url=address.removesuffix("/embeddings"))
    versions.bump()
    snapshots.forget()
