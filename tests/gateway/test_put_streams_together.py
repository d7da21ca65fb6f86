"""Pieces of a stream become the answer they would have been as a whole."""

import msgspec

from gateway.wire import gather
from gateway.wire.chunks import Chunks
from gateway.wire.completions import response as completions_response


def gathered(*deltas: dict[str, object], reasons: tuple[str | None, ...] = ()) -> list[dict[str, object]]:
    """Through the gateway's own reader of chunks, as they are sent on."""
    chunks = Chunks()
    pieces = []
    for place, delta in enumerate(deltas):
        reason = reasons[place] if place < len(reasons) else None
        event = msgspec.json.encode({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        pieces += [msgspec.to_builtins(choice) for choice in chunks.read(event).choices]
    return gather.choices(pieces)


def test_text_grows_and_its_role_does_not() -> None:
    (choice,) = gathered(
        {"role": "assistant", "content": ""}, {"content": "Par"}, {"content": "is"}, {}, reasons=(None, None, None, "stop")
    )
    assert choice == {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Paris"}}


def test_thoughts_are_apart_from_the_answer() -> None:
    (choice,) = gathered({"reasoning_content": "Hm"}, {"reasoning_content": "m."}, {"content": "Yes"})
    assert choice["message"] == {"role": "assistant", "content": "Yes", "reasoning_content": "Hmm."}


def test_tool_calls_come_in_pieces_and_several_at_once() -> None:
    (choice,) = gathered(
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "weather", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": '}}]},
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "time", "arguments": "{}"}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '"Paris"}'}}]},
    )
    assert choice["message"]["tool_calls"] == [
        {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}},
        {"id": "b", "type": "function", "function": {"name": "time", "arguments": "{}"}},
    ]
    assert choice["message"]["content"] is None


def test_choices_are_kept_apart_and_probabilities_together() -> None:
    token = {"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}
    pieces = [
        {"index": 1, "delta": {"content": "b"}, "logprobs": {"content": [token]}},
        {"index": 0, "delta": {"content": "a"}},
        {"index": 1, "delta": {"content": "c"}, "logprobs": {"content": [token]}},
    ]
    first, second = gather.choices(pieces)
    assert first["message"]["content"] == "a"
    assert second["message"]["content"] == "bc"
    assert second["logprobs"]["content"] == [token, token]


def test_plain_completions_have_texts() -> None:
    chunks = completions_response.Chunks()
    events = [{"choices": [{"index": 0, "text": text, "finish_reason": reason}]} for text, reason in (("Once ", None), ("upon", "length"))]
    read = [choice for event in events for choice in chunks.read(msgspec.json.encode(event)).choices]
    (choice,) = gather.choices(msgspec.to_builtins(piece) for piece in read)
    assert choice == {"index": 0, "text": "Once upon", "finish_reason": "length", "logprobs": None}
