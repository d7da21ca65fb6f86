"""The short ways that nearly all pieces of a stream take lead where the long ones do."""

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sse import Events
from gateway.wire.chunks import Chunk, Chunks
from gateway.wire.response import Head

HEAD = Head("chatcmpl-1", 1, 'a "name" with "content":"" in it')
BEGUN = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}


def _piece(delta: dict[str, Any], /, *, index: int = 0, more: dict[str, Any] | None = None, **choice: Any) -> dict[str, Any]:
    return {"choices": [{"index": index, "delta": delta} | choice]} | (more or {})


PIECES = [
    _piece({"content": "a"}),
    _piece({"content": '"content":""\u2028'}, finish_reason=None),
    _piece({"content": ""}, logprobs=None),
    _piece({"content": "b"}, logprobs=None, more={"usage": None, "error": None}),
    _piece({"content": "c"}, logprobs={"content": [{"token": "c", "logprob": -1, "bytes": None, "top_logprobs": []}]}),
    _piece({"content": "d"}, index=1),
    _piece({"content": "e"}, finish_reason="stop"),
    _piece({"content": "f"}, finish_reason=""),
    _piece({"content": "g"}, more={"system_fingerprint": '","content":""'}),
    _piece({"content": "h"}, more={"system_fingerprint": None}),
    _piece({"content": "i"}, more={"service_tier": "default"}),
    _piece({"content": "j"}, more={"service_tier": {"odd": 1}}),
    _piece({"content": None}),
    _piece({"content": [{"type": "text", "text": "k"}]}),
    {"choices": [BEGUN["choices"][0], BEGUN["choices"][0] | {"index": 1}]},
    {"choices": []},
    *[_piece({"content": "l", name: value}) for name, value in {
        "role": "assistant", "refusal": "No.", "reasoning_content": "Hm.", "reasoning": "Hm.", "tool_calls": [{"index": 0, "id": "x"}],
        "function_call": {"name": "f"}, "annotations": [], "audio": {"id": "x"},
    }.items()],
]  # fmt: skip


class LongWay(Chunks):
    def _only_text(self, chunk: Chunk) -> str | None:
        return None


def _told(reader: Chunks, said: list[dict[str, Any]]) -> list[bytes]:
    frames = [reader.frame(HEAD, reader.read(msgspec.json.encode(chunk))) for chunk in said]
    return frames + [reader.frame(HEAD, chunk) for chunk in reader.ending()]


@pytest.mark.parametrize("before", PIECES)
def test_a_piece_of_text_is_written_as_any_other_piece(before: dict[str, Any]) -> None:
    for after in PIECES:
        said = [BEGUN, before, after, after]
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
