"""Answers pass the strict validation of the official client's own types, however sloppy the upstream was."""

import json
from typing import Any

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from gateway.wire import response
from gateway.wire.chunks import Chunks
from gateway.wire.response import Head
from tests.gateway.conftest import Gateway

HEAD = Head("chatcmpl-1", 1, "Paris")
USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
TOKEN = {"token": "A", "logprob": -0.5, "bytes": [65], "top_logprobs": [{"token": "B", "logprob": -1, "bytes": None}]}
CITED = {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 1, "title": "t", "url": "https://x.example"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def whole(*choices: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A whole answer of an upstream, as a client gets it."""
    completion = response.read_completion(json.dumps({"choices": choices} | fields).encode())
    body = response.completion_body(HEAD, completion, USAGE)
    ChatCompletion.model_validate_json(body, strict=True)
    told: dict[str, Any] = json.loads(body)
    return told


def streamed(*chunks: dict[str, Any]) -> list[dict[str, Any]]:
    """The chunks of an upstream that ends with [DONE], as a client gets them."""
    reader = Chunks()
    frames = [reader.frame(HEAD, reader.read(json.dumps(chunk).encode())) for chunk in chunks]
    frames += [reader.frame(HEAD, chunk) for chunk in reader.ending()]
    told = [frame.removeprefix(b"data: ").decode() for frame in frames]
    for text in told:
        ChatCompletionChunk.model_validate_json(text, strict=True)
    return [json.loads(text) for text in told]


def piece(delta: dict[str, Any], index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": delta} | fields]}


def test_the_gateway_s_own_answers_are_valid(gateway: Gateway) -> None:
    ChatCompletion.model_validate_json(gateway.complete().content, strict=True)
    events = gateway.stream(stream_options={"include_usage": True})
    chunks = [ChatCompletionChunk.model_validate_json(event, strict=True) for event in events[:-1]]
    assert all("usage" in json.loads(event) for event in events[:-1])
    assert [chunk.usage is None for chunk in chunks] == [True] * (len(chunks) - 1) + [False]


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": "Hi", "refusal": None, "annotations": [CITED], "unknown": 1},
        {"content": None, "tool_calls": [CALL]},
        {"role": "model", "content": "", "refusal": "No."},
        {"content": "x", "reasoning_content": "hm"},
        {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"content": None, "audio": {"id": "a", "data": "x", "expires_at": 1, "transcript": "t"}},
        {"content": None, "tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "code", "input": "x"}}]},
        {},
    ],
)
def test_every_kind_of_message_is_valid(message: dict[str, Any]) -> None:
    told = whole({"index": 0, "message": message, "finish_reason": "stop"})["choices"][0]["message"]
    assert told["role"] == "assistant"
    assert "unknown" not in told
    assert {name: value for name, value in message.items() if name not in {"role", "unknown"}}.items() <= told.items()


def test_what_is_out_of_shape_is_brought_into_it() -> None:
    message = {
        "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hi"}],
        "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}],
        "annotations": [{"type": "file"}],
        "audio": "none",
    }
    choice = whole({"message": message, "finish_reason": "", "logprobs": {"tokens": 1, "content": 3}}, service_tier="gold")["choices"][0]
    told = choice["message"]
    assert (told["content"], told["reasoning_content"]) == ("Hi", "hm")
    assert told["tool_calls"][0]["id"].startswith("call_")
    assert told["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}
    assert not {"annotations", "audio"} & set(told)
    assert choice["finish_reason"] == "tool_calls"
    assert "logprobs" not in choice


@pytest.mark.parametrize("nonsense", [{}, [], {"a": []}, 5, None, True])
def test_what_is_no_word_is_left_out(nonsense: object) -> None:
    told = whole({"message": {"role": nonsense, "content": "Hi"}, "finish_reason": "stop"}, service_tier=nonsense)
    assert (told["choices"][0]["message"]["role"], "service_tier" in told) == ("assistant", False)
    (first, *_) = streamed(piece({"role": nonsense, "content": "a"}))
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "a"}


@pytest.mark.parametrize(
    ("said", "told"),
    [("stop", "stop"), ("length", "length"), ("max_tokens", "length"), ("tool_use", "tool_calls"), ("SAFETY", "content_filter"),
     ("end_turn", "stop"), ("eos", "stop"), (None, "stop"), ("", "stop"), ("function_call", "function_call")],
)  # fmt: skip
def test_every_reason_to_stop_is_told_in_openai_s_words(said: str | None, told: str) -> None:
    assert whole({"message": {"content": "x"}, "finish_reason": said})["choices"][0]["finish_reason"] == told


def test_several_choices_with_log_probabilities_are_valid() -> None:
    choices = [{"index": n, "message": {"content": "A"}, "finish_reason": "stop", "logprobs": {"content": [TOKEN]}} for n in range(3)]
    told = whole(*choices, system_fingerprint="fp_1", service_tier="default")
    assert [choice["index"] for choice in told["choices"]] == [0, 1, 2]
    assert told["choices"][2]["logprobs"]["content"][0]["top_logprobs"][0]["token"] == "B"
    assert (told["system_fingerprint"], told["service_tier"]) == ("fp_1", "default")


def test_a_stream_of_tool_calls_is_valid_and_tells_which_call_each_piece_is_of() -> None:
    told = streamed(
        piece({"content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": None}}]}),
        piece({"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}, {"index": 1, "id": "c2", "function": {"name": "g"}}]}),
        piece({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}, finish_reason="tool_use"),
    )
    calls = [call for chunk in told for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [call["index"] for call in calls] == [0, 0, 1, 0]
    assert "".join(call["function"].get("arguments", "") for call in calls if call["index"] == 0) == '{"a":1}'
    assert told[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_the_first_chunk_of_every_choice_tells_the_role() -> None:
    told = streamed(piece({"content": "a"}), piece({"content": "b"}, 1), piece({"content": "c"}), piece({"role": ""}, 1))
    assert [chunk["choices"][0]["delta"].get("role") for chunk in told[:4]] == ["assistant", "assistant", None, None]


def test_every_choice_ends_with_a_reason_even_where_the_upstream_forgot_it() -> None:
    told = streamed(piece({"content": "a"}, finish_reason=""), piece({"tool_calls": [{"id": "c", "function": {"name": "f"}}]}, 1))
    assert [(chunk["choices"][0]["index"], chunk["choices"][0]["finish_reason"]) for chunk in told[2:]] == [(0, "stop"), (1, "tool_calls")]


def test_thoughts_have_one_name() -> None:
    told = streamed(piece({"reasoning": "hm"}), piece({"reasoning_content": "so", "reasoning": "so"}), piece({}, finish_reason="stop"))
    assert [chunk["choices"][0]["delta"].get("reasoning_content") for chunk in told] == ["hm", "so", None]
    assert not any("reasoning" in chunk["choices"][0]["delta"] for chunk in told)
