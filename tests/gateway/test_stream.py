"""A stream: its events, its end, its price."""

import json

from activity.models import Request
from tests.gateway.conftest import Gateway


def _text(events: list[str]) -> str:
    chunks = [json.loads(event) for event in events if event != "[DONE]"]
    return "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk.get("choices", []))


def test_it_passes_the_words_on_and_ends_with_done(gateway: Gateway) -> None:
    events = gateway.stream()
    assert _text(events) == "The capital of France is Paris."
    assert events[-1] == "[DONE]"


def test_chunks_carry_our_names_and_only_fields_we_know(gateway: Gateway) -> None:
    first = json.loads(gateway.stream()[0])
    assert first["model"] == "Paris"
    assert first["object"] == "chat.completion.chunk"
    assert first["id"].startswith("chatcmpl-")
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": "The "}


def test_no_usage_chunk_unless_asked_for_but_the_charge_is_exact(gateway: Gateway) -> None:
    events = gateway.stream()
    assert not any("usage" in event for event in events)
    assert gateway.settled().cost_nanousd == 48_000


def test_the_usage_chunk_comes_last_with_the_cost(gateway: Gateway) -> None:
    events = gateway.stream(stream_options={"include_usage": True})
    usage = json.loads(events[-2])
    assert usage["choices"] == []
    assert usage["usage"]["cost"] == 0.000048


def test_whoever_has_done_finds_the_request_in_activity(gateway: Gateway) -> None:
    assert gateway.stream()[-1] == "[DONE]"
    row = Request.objects.get()
    assert (row.status, row.is_stream, row.completion_tokens) == ("ok", True, 7)
    assert row.ttft_ms is not None
    assert row.latency_ms >= row.ttft_ms


def test_a_stream_that_breaks_ends_with_an_error_and_without_done(gateway: Gateway) -> None:
    for count, name in enumerate(("cut-mid-stream", "error-mid-stream"), start=1):
        gateway.offer(name, name)
        events = gateway.stream(name)
        assert "[DONE]" not in events
        assert json.loads(events[-1])["error"]["code"] == "upstream_error"
        row = gateway.settled(count)
        assert (row.status, row.completion_tokens, row.is_estimated) == ("truncated", 4, True)
        assert row.cost_nanousd > 0


def test_events_a_hostile_upstream_makes_up_never_reach_the_client(gateway: Gateway) -> None:
    gateway.offer("hostile", "hostile")
    events = gateway.stream("hostile")
    assert "[DONE]" not in events
    assert all(event.startswith("{") for event in events)


def test_usage_with_every_chunk_is_charged_once(gateway: Gateway) -> None:
    gateway.offer("chatty", "usage-every-chunk")
    gateway.stream("chatty")
    assert gateway.settled().cost_nanousd == 48_000


def test_an_upstream_that_forgets_done_still_finishes(gateway: Gateway) -> None:
    gateway.offer("curt", "no-done")
    assert gateway.stream("curt")[-1] == "[DONE]"
    assert gateway.settled().status == "ok"
