"""A chat completion that is streamed: an upstream's events in, ours out, with only the fields we know."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from gateway.wire import shapes
from gateway.wire.response import Head, Out, Said, frame, is_error, read_as

CHUNK = "chat.completion.chunk"
UNSAID = (UNSET,) * 8
EMPTY = b'"content":""'


class Delta(Said, omit_defaults=True):
    """What a chunk adds."""

    def others(self) -> tuple[Any, ...]:
        """All but its content."""
        return (
            self.role,
            self.refusal,
            self.reasoning_content,
            self.reasoning,
            self.tool_calls,
            self.function_call,
            self.annotations,
            self.audio,
        )

    def tidy(self) -> None:
        super().tidy()
        if self.role is not UNSET and not (isinstance(self.role, str) and self.role in shapes.ROLES):
            self.role = UNSET
        for position, call in enumerate(self.tool_calls or ()):
            call.tidy_piece(position)
        self.annotations = shapes.proper(shapes.ANNOTATIONS, self.annotations)
        self.audio = shapes.proper(shapes.AUDIO_PIECE, self.audio)


class ChunkChoice(Struct):
    index: int = 0
    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None
    logprobs: Any = UNSET

    def tidy(self) -> None:
        self.delta.tidy()
        self.finish_reason = shapes.finish_reason(self.finish_reason)
        self.logprobs = shapes.proper(shapes.LOGPROBS, self.logprobs)

    def written(self) -> int:
        return self.delta.written()


class Chunk(Struct):
    choices: list[ChunkChoice] = []
    usage: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: Any = UNSET

    def is_error(self) -> bool:
        return is_error(self.error)


_chunk = msgspec.json.Decoder(Chunk)
_encoder = msgspec.json.Encoder()


class Course:
    """Which choices of a stream have begun and which have finished."""

    def __init__(self) -> None:
        self._begun: set[int] = set()
        self._finished: set[int] = set()

    def note(self, index: int, *, is_last: bool) -> None:
        self._begun.add(index)
        if is_last:
            self._finished.add(index)

    def are_finished(self) -> bool:
        """Every choice that began has said why it ended."""
        return bool(self._begun) and self._begun == self._finished

    def unfinished(self) -> list[int]:
        """Those that an upstream left without a reason, and said [DONE] all the same."""
        return sorted(self._begun - self._finished)


class Chunks(Course):
    """Reads the chunks of one stream, and writes ours.

    ``text`` is of the one that was read last: a string where it says no more than that, as nearly all of them do. There is nothing to tidy
    in such a chunk, and all around its text is as it was in the one before.
    """

    def __init__(self) -> None:
        super().__init__()
        self._callers: set[int] = set()
        self.text: str | None = None
        self._around: tuple[tuple[Any, ...], bytes, bytes] = (), b"", b""

    def read(self, event: bytes) -> Chunk:
        """The chunk in an event's data. ValueError for anything else."""
        chunk = read_as(_chunk, event)
        self.text = self._only_text(chunk)
        if self.text is None:
            for choice in chunk.choices:
                choice.tidy()
                self._note(choice)
        return chunk

    def frame(self, head: Head, chunk: Chunk) -> bytes:
        """One event of the stream, with our names and only fields we know."""
        if self.text is None:
            return chunk_frame(head, chunk)
        choice = chunk.choices[0]
        about = head, choice.index, choice.logprobs, chunk.system_fingerprint, chunk.service_tier
        if self._around[0] != about:
            empty = msgspec.structs.replace(chunk, choices=[ChunkChoice(choice.index, Delta(content=""), None, choice.logprobs)])
            before, _, after = chunk_frame(head, empty).partition(EMPTY)  # none before it: in our names quotes are escaped
            self._around = about, before + EMPTY[:-2], after
        _, before, after = self._around
        return before + _encoder.encode(self.text) + after

    def _only_text(self, chunk: Chunk) -> str | None:
        if len(chunk.choices) != 1:
            return None
        choice = chunk.choices[0]
        delta, text = choice.delta, choice.delta.content
        is_alone = (
            type(text) is str
            and choice.finish_reason is None
            and (choice.logprobs is None or choice.logprobs is UNSET)
            and choice.index in self._begun
            and delta.others() == UNSAID
        )
        return text if is_alone else None

    def _note(self, choice: ChunkChoice) -> None:
        if choice.index not in self._begun:
            choice.delta.role = choice.delta.role or "assistant"  # clients build a message of it, and some upstreams never tell
        if choice.delta.tool_calls:
            self._callers.add(choice.index)
        self.note(choice.index, is_last=bool(choice.finish_reason))

    def ending(self) -> Iterator[Chunk]:
        """The reason of every choice that was left without."""
        self.text = None
        for index in self.unfinished():
            yield Chunk([ChunkChoice(index, Delta(), "tool_calls" if index in self._callers else "stop")])


def chunk_frame(head: Head, chunk: Chunk) -> bytes:
    """One event of the stream, with our names and only fields we know."""
    tier = shapes.tier(chunk.service_tier)
    return frame(Out(head.id, CHUNK, head.created, head.model, chunk.choices, head.usage, chunk.system_fingerprint, tier))


def usage_frame(head: Head, usage: dict[str, Any]) -> bytes:
    """The last chunk, for those who asked for it: no choices, the usage of the whole call."""
    return frame(Out(head.id, CHUNK, head.created, head.model, [], usage))
