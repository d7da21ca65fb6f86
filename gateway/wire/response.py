"""A chat completion as it is answered: an upstream's body in, ours out, with only the fields we know. ``chunks`` has streams."""

from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from gateway.wire import shapes
from gateway.wire.shapes import Called, ToolCall


class Said(Struct, omit_defaults=True):
    """What a model says, whole or in pieces. Other fields of an upstream are not ours to pass on."""

    role: Any = UNSET
    content: Any = UNSET
    refusal: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType | None = UNSET
    reasoning: Any = UNSET
    tool_calls: list[ToolCall] | UnsetType | None = UNSET
    function_call: Called | UnsetType | None = UNSET
    annotations: Any = UNSET
    audio: Any = UNSET

    def tidy(self) -> None:
        """Text as text; thoughts under one name, whatever the upstream calls them."""
        if self.content is not UNSET:
            self.content, thought = shapes.text(self.content)
            if thought:
                self.reasoning_content = thought
        if isinstance(self.reasoning, str) and not self.reasoning_content:
            self.reasoning_content = self.reasoning
        self.reasoning = UNSET
        if isinstance(self.function_call, Called):
            self.function_call.tidy()

    def written(self) -> int:
        """Characters a model wrote here, roughly, where nobody counts its tokens."""
        size = 0
        for text in (self.content, self.refusal, self.reasoning_content):
            if isinstance(text, str):
                size += len(text)
        for call in self.tool_calls or ():
            size += call.written()
        return size + (self.function_call.written() if isinstance(self.function_call, Called) else 0)


class Message(Said, omit_defaults=True):
    """A whole answer's."""

    def tidy(self) -> None:
        super().tidy()
        self.role = "assistant"
        if self.content is UNSET:
            self.content = None
        for call in self.tool_calls or ():
            call.tidy_whole()
        if isinstance(self.function_call, Called):
            self.function_call = Called(self.function_call.name or "", self.function_call.arguments or "")
        self.annotations = shapes.proper(shapes.ANNOTATIONS, self.annotations)
        self.audio = shapes.proper(shapes.AUDIO, self.audio)


def is_error(said: Raw | UnsetType) -> bool:
    """Some upstreams say ``"error": null`` with every chunk."""
    return isinstance(said, Raw) and bytes(memoryview(said)) != b"null"


class Choice(Struct):
    index: int = 0
    message: Message = msgspec.field(default_factory=Message)
    finish_reason: str | None = None
    logprobs: Any = UNSET

    def tidy(self) -> None:
        self.message.tidy()
        self.finish_reason = shapes.finish_reason(self.finish_reason) or ("tool_calls" if self.message.tool_calls else "stop")
        self.logprobs = shapes.proper(shapes.LOGPROBS, self.logprobs)

    def written(self) -> int:
        return self.message.written()


class Completion(Struct):
    choices: list[Choice]
    usage: Raw | UnsetType = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: Any = UNSET


_completion = msgspec.json.Decoder(Completion)
_encoder = msgspec.json.Encoder()
Shape = TypeVar("Shape")


def read_completion(body: bytes) -> Completion:
    """A whole answer. ValueError for anything else."""
    completion = read_as(_completion, body)
    for choice in completion.choices:
        choice.tidy()
    return completion


def read_as(decoder: msgspec.json.Decoder[Shape], data: bytes) -> Shape:
    """ValueError for anything of another shape."""
    data.decode()  # msgspec looks at text only where it is decoded
    try:
        return decoder.decode(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class Head(Struct, frozen=True):
    """What every chunk and the completion say about the call. ``usage`` is of the chunks before the last: null where one will come."""

    id: str
    created: int
    model: str
    usage: UnsetType | None = UNSET


class Out(Struct, omit_defaults=True):
    id: str
    object: str
    created: int
    model: str
    choices: list[Any]
    usage: Any = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: Any = UNSET


DONE = b"data: [DONE]\n\n"
HEARTBEAT = b": waiting for the model\n\n"


def error_frame(body: dict[str, Any]) -> bytes:
    return frame(body)


def frame(value: Any) -> bytes:
    return b"data: " + _encoder.encode(value) + b"\n\n"


def completion_body(head: Head, completion: Completion, usage: dict[str, Any]) -> bytes:
    tier = shapes.tier(completion.service_tier)
    out = Out(head.id, "chat.completion", head.created, head.model, completion.choices, usage, completion.system_fingerprint, tier)
    return _encoder.encode(out)
