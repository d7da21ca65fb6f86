"""A chat completion as it is answered: upstream events and bodies in, ours out, with only the fields we know."""

from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType


class Delta(Struct, omit_defaults=True):
    """What a chunk adds. Other fields of an upstream are not ours to pass on."""

    role: str | UnsetType | None = UNSET
    content: str | UnsetType | None = UNSET
    refusal: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType | None = UNSET
    reasoning: str | UnsetType | None = UNSET
    tool_calls: Raw | UnsetType = UNSET
    function_call: Raw | UnsetType = UNSET
    audio: Raw | UnsetType = UNSET

    def written(self) -> int:
        """Characters a model wrote here, roughly, where nobody counts its tokens."""
        texts = (self.content, self.refusal, self.reasoning_content, self.reasoning)
        raws = (self.tool_calls, self.function_call)
        return sum(len(text) for text in texts if isinstance(text, str)) + sum(len(memoryview(raw)) for raw in raws if isinstance(raw, Raw))


class ChunkChoice(Struct):
    index: int = 0
    delta: Delta = msgspec.field(default_factory=Delta)
    finish_reason: str | None = None
    logprobs: Raw | UnsetType = UNSET


class Chunk(Struct):
    choices: list[ChunkChoice] = []
    usage: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: str | UnsetType | None = UNSET

    def is_error(self) -> bool:
        """Some upstreams say ``"error": null`` with every chunk."""
        return isinstance(self.error, Raw) and bytes(memoryview(self.error)) != b"null"


class Choice(Struct):
    index: int = 0
    message: Raw = Raw(b"{}")
    finish_reason: str | None = None
    logprobs: Raw | UnsetType = UNSET


class Completion(Struct):
    choices: list[Choice]
    usage: Raw | UnsetType = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: str | UnsetType | None = UNSET


_chunk = msgspec.json.Decoder(Chunk)
_completion = msgspec.json.Decoder(Completion)
_encoder = msgspec.json.Encoder()
Shape = TypeVar("Shape")


def read_chunk(event: bytes) -> Chunk:
    """The chunk in an event's data. ValueError for anything else."""
    return _read(_chunk, event)


def read_completion(body: bytes) -> Completion:
    """A whole answer. ValueError for anything else."""
    return _read(_completion, body)


def _read(decoder: msgspec.json.Decoder[Shape], data: bytes) -> Shape:
    data.decode()  # what stays raw is sent on as it came, so all of it has to be text
    try:
        return decoder.decode(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class Head(Struct, frozen=True):
    """What every chunk and the completion say about the call."""

    id: str
    created: int
    model: str


class _OutChunk(Struct, omit_defaults=True):
    id: str
    object: str
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: Any = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: str | UnsetType | None = UNSET


class _OutCompletion(Struct, omit_defaults=True):
    id: str
    object: str
    created: int
    model: str
    choices: list[Choice]
    usage: Any = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: str | UnsetType | None = UNSET


DONE = b"data: [DONE]\n\n"
HEARTBEAT = b": waiting for the model\n\n"


def chunk_frame(head: Head, chunk: Chunk) -> bytes:
    """One event of the stream, with our names and only fields we know."""
    same = {"system_fingerprint": chunk.system_fingerprint, "service_tier": chunk.service_tier}
    out = _OutChunk(head.id, "chat.completion.chunk", head.created, head.model, chunk.choices, **same)
    return b"data: " + _encoder.encode(out) + b"\n\n"


def usage_frame(head: Head, usage: dict[str, Any]) -> bytes:
    """The last chunk, for those who asked for it: no choices, the usage of the whole call."""
    return b"data: " + _encoder.encode(_OutChunk(head.id, "chat.completion.chunk", head.created, head.model, [], usage)) + b"\n\n"


def error_frame(body: dict[str, Any]) -> bytes:
    return b"data: " + _encoder.encode(body) + b"\n\n"


def completion_body(head: Head, completion: Completion, usage: dict[str, Any]) -> bytes:
    same = {"system_fingerprint": completion.system_fingerprint, "service_tier": completion.service_tier}
    return _encoder.encode(_OutCompletion(head.id, "chat.completion", head.created, head.model, completion.choices, usage, **same))
