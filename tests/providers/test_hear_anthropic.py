"""What Anthropic answers, as OpenAI would have said it."""

import json

import pytest

from catalog.providers import anthropic
from tests.providers.speaking import completed, events, joined, recorded


def test_a_plain_answer() -> None:
    answer = completed(anthropic, "anthropic/text.json")
    assert answer["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "The capital of France is Paris."}, "finish_reason": "stop"}
    ]
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (14, 10)


def test_thoughts_words_and_tool_calls() -> None:
    answer = completed(anthropic, "anthropic/tools.json")
    [choice] = answer["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["reasoning_content"] == "Both cities are asked for."
    assert choice["message"]["content"] == "I look both up."
    assert choice["message"]["tool_calls"] == [
        {"id": "toolu_01A", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris","days":2}'}},
        {"id": "toolu_01B", "type": "function", "function": {"name": "clock", "arguments": "{}"}},
    ]
    assert answer["usage"] == {
        "prompt_tokens": 1320,  # read, written to the cache, and neither
        "prompt_tokens_details": {"cached_tokens": 1000},
        "completion_tokens": 90,
        "completion_tokens_details": {"reasoning_tokens": 12},
    }


def test_a_refusal_says_why() -> None:
    [choice] = completed(anthropic, "anthropic/refusal.json")["choices"]
    assert (choice["finish_reason"], choice["message"]["refusal"]) == ("content_filter", "This could do harm.")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("pause_turn", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("something new", "stop"),
    ],
)
def test_why_it_stopped(reason: str, finish: str) -> None:
    body = json.dumps({"content": [], "stop_reason": reason}).encode()
    assert json.loads(anthropic.completion(body))["choices"][0]["finish_reason"] == finish


def test_a_stream_of_words() -> None:
    heard = events(anthropic, recorded("anthropic/text.sse"))
    message = joined(heard)
    assert heard[-1] == "[DONE]"
    assert (message["role"], message["content"], message["finish_reason"]) == ("assistant", "The capital is Paris.\n", "stop")
    assert message["usage"]["prompt_tokens"] == 120
    assert message["usage"]["prompt_tokens_details"]["cached_tokens"] == 100
    assert message["usage"]["completion_tokens"] == 10


def test_a_stream_that_ends_early_has_counted_its_prompt_only() -> None:
    begun = recorded("anthropic/text.sse").split(b"event: content_block_stop")[0]
    assert joined(events(anthropic, begun))["usage"] == {"prompt_tokens": 120, "prompt_tokens_details": {"cached_tokens": 100}}


def test_a_stream_of_thoughts_and_tool_calls_in_pieces() -> None:
    heard = events(anthropic, recorded("anthropic/tools.sse"))
    message = joined(heard)
    assert message["reasoning_content"] == "Both cities"
    assert message["content"] == "I look."
    assert message["tool_calls"] == [
        {"id": "toolu_02A", "name": "weather", "arguments": '{"city": "Paris"}'},
        {"id": "toolu_02B", "name": "clock", "arguments": "{}"},
    ]
    assert message["finish_reason"] == "tool_calls"
    assert message["usage"]["completion_tokens_details"] == {"reasoning_tokens": 8}
    assert message["usage"]["prompt_tokens"] == 25


def test_an_error_in_a_stream_is_an_error() -> None:
    assert events(anthropic, recorded("anthropic/overloaded.sse")) == [{"error": {"message": "Overloaded"}}]


def test_events_it_may_add_one_day_are_left_out() -> None:
    added = b'event: content_block_summary\ndata: {"type":"content_block_summary","index":0,"summary":[1]}\n\n'
    stream = recorded("anthropic/text.sse").replace(b"event: ping\n", added + b"event: ping\n")
    assert joined(events(anthropic, stream)) == joined(events(anthropic, recorded("anthropic/text.sse")))
