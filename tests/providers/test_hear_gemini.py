"""What Gemini answers, as OpenAI would have said it."""

import json

import pytest

from catalog.providers import gemini
from catalog.providers.dialect import Blocked
from gateway.errors import UpstreamRefused
from tests.providers.speaking import completed, events, joined, recorded


def test_a_plain_answer_counts_its_thoughts_as_written() -> None:
    answer = completed(gemini, "gemini/text.json")
    assert answer["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": "The capital of France is Paris."}, "finish_reason": "stop"}
    ]
    assert answer["usage"] == {
        "prompt_tokens": 114,
        "prompt_tokens_details": {"cached_tokens": 100},
        "completion_tokens": 60,
        "completion_tokens_details": {"reasoning_tokens": 50},
    }


def test_several_candidates_with_calls_thoughts_and_filters() -> None:
    answer = completed(gemini, "gemini/tools.json")
    calling, long, filtered = answer["choices"]
    assert [choice["finish_reason"] for choice in answer["choices"]] == ["tool_calls", "length", "content_filter"]
    assert calling["message"]["reasoning_content"] == "Both cities are asked for."
    assert calling["message"]["content"] is None
    weather, clock = calling["message"]["tool_calls"]
    assert weather["function"] == {"name": "weather", "arguments": '{"city":"Paris","days":2}'}
    assert weather["extra_content"] == {"google": {"thought_signature": "Eo4CCosC"}}
    assert clock["function"] == {"name": "clock", "arguments": "{}"}
    assert weather["id"] != clock["id"]
    assert long["message"]["content"] == "Too long"
    assert filtered["message"]["content"] == ""
    assert answer["usage"]["prompt_tokens"] == 25
    assert answer["usage"]["completion_tokens"] == 52


def test_a_blocked_prompt_is_no_answer() -> None:
    with pytest.raises(Blocked, match="PROHIBITED_CONTENT"):
        completed(gemini, "gemini/blocked.json")
    with pytest.raises(UpstreamRefused, match="PROHIBITED_CONTENT"):
        events(gemini, b"data: " + recorded("gemini/blocked.json").replace(b"\n", b"") + b"\n\n")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("SPII", "content_filter"),
        ("A_FILTER_OF_TOMORROW", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "stop"),
        ("OTHER", "stop"),
    ],
)
def test_why_it_stopped(reason: str, finish: str) -> None:
    body = json.dumps({"candidates": [{"finishReason": reason}]}).encode()
    assert json.loads(gemini.completion(body))["choices"][0]["finish_reason"] == finish


def test_a_stream_with_usage_in_every_event() -> None:
    message = joined(events(gemini, recorded("gemini/text.sse")))
    assert (message["role"], message["reasoning_content"]) == ("assistant", "Let me think.")
    assert (message["content"], message["finish_reason"]) == ("The capital is Paris.\n", "stop")
    assert message["usage"] == {
        "prompt_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens": 18,
        "completion_tokens_details": {"reasoning_tokens": 8},
    }


def test_an_event_without_a_count_of_its_words_has_counted_the_prompt_only() -> None:
    first, *_ = events(gemini, recorded("gemini/text.sse"))
    assert "completion_tokens" not in first["usage"]


def test_a_stream_of_calls() -> None:
    message = joined(events(gemini, recorded("gemini/tools.sse")))
    assert [(call["name"], call["arguments"]) for call in message["tool_calls"]] == [("weather", '{"city":"Paris"}'), ("clock", "{}")]
    assert message["tool_calls"][0]["id"] != message["tool_calls"][1]["id"]
    assert message["finish_reason"] == "tool_calls"


def test_an_error_in_a_stream_is_an_error() -> None:
    stream = b'data: {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}\r\n\r\n'
    assert events(gemini, stream) == [{"error": {"message": "The model is overloaded."}}]


def test_a_prompt_cannot_be_blocked_after_the_answer_has_begun() -> None:
    late = b"data: " + recorded("gemini/blocked.json").replace(b"\n", b"") + b"\n\n"
    assert joined(events(gemini, recorded("gemini/text.sse") + late))["content"] == "The capital is Paris.\n"


def test_log_probabilities() -> None:
    logprobs = {
        "chosenCandidates": [{"token": "Ä", "tokenId": 7, "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "Ä", "logProbability": -0.5}, {"token": "B", "logProbability": -1.5}]}],
    }
    body = json.dumps(
        {"candidates": [{"content": {"parts": [{"text": "Ä"}]}, "finishReason": "STOP", "logprobsResult": logprobs}]}
    ).encode()
    [chosen] = json.loads(gemini.completion(body))["choices"][0]["logprobs"]["content"]
    assert (chosen["token"], chosen["logprob"], chosen["bytes"]) == ("Ä", -0.5, [195, 132])
    assert [token["token"] for token in chosen["top_logprobs"]] == ["Ä", "B"]
    assert events(gemini, b"data: " + body + b"\n\n")[0]["choices"][0]["logprobs"]["content"] == [chosen]
