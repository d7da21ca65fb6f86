"""The short ways that nearly all pieces of a stream take lead where the long ones do."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sse import Events
from gateway.wire.response import Chunk, Chunks, Head

HEAD = Head("chatcmpl-1", 1, 'a "name" with "content":"" in it')
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(['"content":""', '"', "\\", "\u2028"])
maybe = st.none() | texts
deltas = st.fixed_dictionaries(
    {},
    optional={"content": maybe, "role": maybe, "refusal": maybe, "reasoning_content": maybe, "tool_calls": st.none(), "audio": st.none()},
) | st.fixed_dictionaries({"content": texts})
choices = st.fixed_dictionaries(
    {"delta": deltas},
    optional={"index": st.integers(0, 1), "finish_reason": st.sampled_from([None, "", "stop", "length"]), "logprobs": st.none()},
)
chunks = st.fixed_dictionaries(
    {"choices": st.lists(choices, max_size=2)},
    optional={"system_fingerprint": maybe, "service_tier": st.sampled_from([None, "default", "odd", {}]), "usage": st.none()},
)


class LongWay(Chunks):
    def _only_text(self, chunk: Chunk) -> str | None:
        return None


def _told(reader: Chunks, said: list[dict[str, Any]]) -> list[bytes]:
    frames = [reader.frame(HEAD, reader.read(msgspec.json.encode(chunk))) for chunk in said]
    return frames + [reader.frame(HEAD, chunk) for chunk in reader.ending()]


@given(st.lists(chunks, max_size=6))
def test_a_piece_of_text_is_written_as_any_other_piece(said: list[dict[str, Any]]) -> None:
    assert _told(Chunks(), said) == _told(LongWay(), said)


def test_most_pieces_go_the_short_way() -> None:
    reader, short = Chunks(), []
    for delta in ({"role": "assistant", "content": ""}, {"content": "Par"}, {"content": "is"}, {"tool_calls": []}, {}):
        reader.read(
            msgspec.json.encode({"choices": [{"index": 0, "delta": delta, "finish_reason": None, "logprobs": None}], "usage": None})
        )
        short.append(reader.text)
    assert short == [None, "Par", "is", None, None]


lines = st.sampled_from(["data: {}", "data: a", "data:b", "data: ", "data", ": a comment", "event: x", "", "", "id: 1", "data:  two"])


@given(st.lists(lines, max_size=12), st.sampled_from(["\n", "\r\n", "\r"]), st.lists(st.integers(0, 80), max_size=3))
def test_events_are_the_same_however_they_are_cut(said: list[str], end: str, cuts: list[int]) -> None:
    stream = "".join(line + end for line in said).encode()
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    whole, by_bytes = Events(), Events()
    in_pieces = [event for start, stop in pairwise(places) for event in whole.feed(stream[start:stop])]
    assert in_pieces + whole.feed(b"\n") == [
        event for place in range(len(stream)) for event in by_bytes.feed(stream[place : place + 1])
    ] + by_bytes.feed(b"\n")


@pytest.mark.parametrize("stream", [b"data: a\n\ndata: b\n\n", b"data: a\n\n"])
def test_complete_events_leave_nothing_behind(stream: bytes) -> None:
    events = Events()
    assert events.feed(stream) == [part.removeprefix(b"data: ") for part in stream.removesuffix(b"\n\n").split(b"\n\n")]
    assert events.feed(stream) == events.feed(stream)
