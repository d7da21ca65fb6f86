"""A completion of plain text as it is answered: upstream events and bodies in, ours out, with only the fields we know."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from gateway.wire import shapes
from gateway.wire.chunks import Course
from gateway.wire.request import Ask
from gateway.wire.response import Head, Out, frame, is_error, read_as

OBJECT = "text_completion"
REASONS = frozenset(("stop", "length", "content_filter"))


class Logprobs(Struct):
    """In parallel lists; offsets are characters from the beginning of the choice's text."""

    tokens: list[str]
    token_logprobs: list[float | None]
    top_logprobs: list[dict[str, float] | None] | None = None
    text_offset: list[int] = []


class Choice(Struct):
    text: Any = ""
    index: int = 0
    logprobs: Any = None
    finish_reason: str | None = None

    def tidy(self, offset: int = 0) -> None:
        """``offset``: how much of its text came before this piece."""
        self.text = shapes.text(self.text)[0] or ""
        reason = shapes.finish_reason(self.finish_reason)
        self.finish_reason = reason if reason is None or reason in REASONS else "stop"
        self.logprobs = _logprobs(self.logprobs, offset)

    def written(self) -> int:
        return len(self.text)


class Chunk(Struct):
    choices: list[Choice] = []
    usage: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    system_fingerprint: str | UnsetType | None = UNSET

    def is_error(self) -> bool:
        return is_error(self.error)


class Completion(Struct):
    choices: list[Choice]
    usage: Raw | UnsetType = UNSET
    system_fingerprint: str | UnsetType | None = UNSET


_chunk = msgspec.json.Decoder(Chunk)
_completion = msgspec.json.Decoder(Completion)


class Chunks(Course):
    """Reads the chunks of one stream."""

    text = None  # every one is tidied

    def __init__(self) -> None:
        super().__init__()
        self._offsets: dict[int, int] = {}

    def read(self, event: bytes) -> Chunk:
        """The chunk in an event's data. ValueError for anything else."""
        chunk = read_as(_chunk, event)
        for choice in chunk.choices:
            offset = self._offsets.get(choice.index, 0)
            choice.tidy(offset)
            self._offsets[choice.index] = offset + choice.written()
            self.note(choice.index, is_last=choice.finish_reason is not None)
        return chunk

    def frame(self, head: Head, chunk: Chunk) -> bytes:
        return frame(Out(head.id, OBJECT, head.created, head.model, chunk.choices, head.usage, chunk.system_fingerprint))

    def ending(self) -> Iterator[Chunk]:
        for index in self.unfinished():
            yield Chunk([Choice(index=index, finish_reason="stop")])


def read(body: bytes, _: Ask) -> Completion:
    """A whole answer. ValueError for anything else."""
    completion = read_as(_completion, body)
    for choice in completion.choices:
        choice.tidy()
        choice.finish_reason = choice.finish_reason or "stop"
    return completion


def usage_frame(head: Head, usage: dict[str, Any]) -> bytes:
    return frame(Out(head.id, OBJECT, head.created, head.model, [], usage))


def body(head: Head, completion: Completion, usage: dict[str, Any]) -> bytes:
    return msgspec.json.encode(Out(head.id, OBJECT, head.created, head.model, completion.choices, usage, completion.system_fingerprint))


def _logprobs(said: Any, offset: int) -> Logprobs | None:
    """In the older shape, also where an upstream tells them as in chat; None where it tells none."""
    kind = shapes.Logprobs if isinstance(said, dict) and "content" in said else Logprobs
    told = None if said is None else shapes.proper(kind, said)
    if isinstance(told, shapes.Logprobs) and told.content:
        return _from_chat(told.content, offset)
    return told if isinstance(told, Logprobs) else None


def _from_chat(told: list[shapes.TokenLogprob], offset: int) -> Logprobs:
    ends = accumulate((len(one.token) for one in told), initial=offset)
    return Logprobs(
        tokens=[one.token for one in told],
        token_logprobs=[one.logprob for one in told],
        top_logprobs=[{top.token: top.logprob for top in one.top_logprobs} for one in told],
        text_offset=list(ends)[:-1],
    )
