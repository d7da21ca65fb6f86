"""Whatever a provider sends, in whatever pieces: the same frames of ours, or a clean end; never a line of its own making."""

import json
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from catalog.providers import anthropic, gemini
from gateway.errors import UpstreamFailed, UpstreamRefused
from gateway.sse import EventTooLarge
from tests.providers.speaking import events, frames, joined, recorded

STREAMS = [
    (anthropic, "anthropic/text.sse"),
    (anthropic, "anthropic/tools.sse"),
    (anthropic, "anthropic/overloaded.sse"),
    (gemini, "gemini/text.sse"),
    (gemini, "gemini/tools.sse"),
]
BREAKOUTS = ["\n\ndata: [DONE]\n\n", "\r\n\r\nevent: error\r\n", "\rdata: {}\r\r", "\u2028\u0085\x0b", '"}]}\n\n', "\x00\ufeff", "[DONE]"]
hostile = some.one_of(some.sampled_from(BREAKOUTS), some.text(max_size=40))
anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | hostile,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(hostile, inner, max_size=3),
    max_leaves=6,
)


def _sse(*values: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)


@pytest.mark.parametrize(("dialect", "name"), STREAMS, ids=[name for _, name in STREAMS])
@given(cuts=some.lists(some.integers(min_value=0), max_size=30), ending=some.sampled_from([b"\n", b"\r\n", b"\r"]))
def test_a_stream_means_the_same_in_any_pieces_with_any_line_ends(dialect: ModuleType, name: str, cuts: list[int], ending: bytes) -> None:
    stream = recorded(name)
    written = stream.replace(b"\r\n", b"\n").replace(b"\n", ending) + (b"\n" if ending == b"\r" else b"")
    assert frames(dialect, written, cuts) == frames(dialect, stream)


@given(text=hostile, name=hostile, arguments=hostile)
def test_no_text_of_anthropics_breaks_out_of_its_frame(text: str, name: str, arguments: str) -> None:
    stream = _sse(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": text, "name": name, "input": {}}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": arguments}},
        {"type": "error", "error": {"message": text}},
    )
    *heard, error = events(anthropic, stream)
    assert error == {"error": {"message": text}}
    assert "[DONE]" not in heard
    assert joined(heard).get("content", "") == text
    assert joined(heard)["tool_calls"] == [{"id": text, "name": name, "arguments": arguments}]


@given(text=hostile, name=hostile)
def test_no_text_of_geminis_breaks_out_of_its_frame(text: str, name: str) -> None:
    parts = [{"text": text}, {"functionCall": {"name": name, "args": {text: text}, "id": name}, "thoughtSignature": text}]
    heard = events(gemini, _sse({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}], "responseId": text}))
    assert len(heard) == 1
    assert joined(heard).get("content", "") == text
    assert json.loads(joined(heard)["tool_calls"][0]["arguments"]) == {text: text}


@pytest.mark.parametrize("dialect", [anthropic, gemini], ids=["anthropic", "gemini"])
@given(
    value=some.dictionaries(
        some.sampled_from(
            ["type", "index", "message", "content_block", "delta", "usage", "error", "candidates", "usageMetadata", "promptFeedback"]
        ),
        anything,
    )
)
def test_any_json_is_a_chunk_or_a_clean_end(dialect: ModuleType, value: dict[str, Any]) -> None:
    for kind in ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "error", "unknown"):
        with suppress(UpstreamFailed, UpstreamRefused, EventTooLarge):
            events(dialect, _sse(value | {"type": kind}))


GARBAGE = (
    b"<html>",
    b"7",
    b"[" * 50_000,
    b'{"type": "\xff", "candidates": [{"content": {"parts": [{"text": "\xff"}]}}]}',
    b'{"type": "\\ud800", "responseId": "\\ud800"}',
    b'{"candidates": 7, "type": 7}',
)


@pytest.mark.parametrize("dialect", [anthropic, gemini], ids=["anthropic", "gemini"])
@pytest.mark.parametrize("garbage", GARBAGE, ids=["html", "number", "deep", "not utf-8", "half a pair", "shape"])
def test_garbage_is_no_answer(dialect: ModuleType, garbage: bytes) -> None:
    with pytest.raises(UpstreamFailed):
        frames(dialect, b"data: " + garbage + b"\n\n")
    with pytest.raises(ValueError):  # noqa: PT011 (of whatever kind)
        dialect.completion(garbage)


@pytest.mark.parametrize(
    "usage",
    [
        {"input_tokens": -5, "output_tokens": 3},
        {"input_tokens": 5, "cache_read_input_tokens": -9, "output_tokens": 3},
        {"input_tokens": "14", "output_tokens": 3},
        {"input_tokens": 1e300, "output_tokens": True},
    ],
)
def test_absurd_counts_are_passed_on_as_what_nobody_believes(usage: dict[str, Any]) -> None:
    body = json.dumps({"content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn", "usage": usage}).encode()
    counted = json.loads(anthropic.completion(body))["usage"]
    assert counted["prompt_tokens"] == -1


@pytest.mark.parametrize("place", ["usage", "input", "index"])
def test_numbers_beyond_all_bounds_end_it_cleanly_or_not_at_all(place: str) -> None:
    huge = {"usage": 1, "input": {}, "index": 0} | {place: {"a": 10**300} if place == "input" else 10**300}
    block = {"type": "tool_use", "id": "t", "name": "f", "input": huge["input"]}
    start = {"type": "message_start", "message": {"usage": {"input_tokens": huge["usage"], "output_tokens": 1}}}
    stop = {"type": "content_block_stop", "index": huge["index"]}
    with suppress(UpstreamFailed):
        events(anthropic, _sse(start, {"type": "content_block_start", "index": huge["index"], "content_block": block}, stop))
    candidate = {"index": huge["index"], "content": {"parts": [{"functionCall": {"name": "f", "args": huge["input"]}}]}}
    with suppress(UpstreamFailed):
        events(gemini, _sse({"candidates": [candidate], "usageMetadata": {"promptTokenCount": huge["usage"]}}))
