"""A chat completion as dialects read it: what the client wishes, in the fields that some dialect can translate."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import Raw, Struct

from catalog.providers.dialect import Order, Unsupported
from catalog.providers.openai import write


class Url(Struct):
    url: str


class Audio(Struct):
    data: str
    format: str = "wav"


class File(Struct):
    file_data: str | None = None
    filename: str | None = None


class Part(Struct):
    """One part of a message's content; ``type`` says which of the others is set."""

    type: str
    text: str = ""
    refusal: str = ""
    image_url: Url | None = None
    video_url: Url | None = None
    input_audio: Audio | None = None
    file: File | None = None


class CalledFunction(Struct):
    name: str
    arguments: str = ""


class ToolCall(Struct):
    id: str
    function: CalledFunction
    extra_content: dict[str, Any] | None = None


class Message(Struct):
    role: str
    content: str | list[Part] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    def parts(self) -> list[Part]:
        """Its content as parts, empty texts left out: providers refuse them."""
        parts = [Part("text", text=self.content)] if isinstance(self.content, str) else self.content or []
        texts = {"text": "text", "refusal": "refusal"}
        return [part for part in parts if part.type not in texts or getattr(part, texts[part.type])]

    def text(self) -> str:
        return "".join(part.text for part in self.parts())


class Function(Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(Struct):
    type: Literal["function"]
    function: Function


class NamedFunction(Struct):
    name: str


class NamedTool(Struct):
    type: Literal["function"]
    function: NamedFunction


class JsonSchema(Struct):
    schema: dict[str, Any] | None = None


class ResponseFormat(Struct):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh"]


class Wish(Struct):
    """The known fields of a request, valid each by itself."""

    messages: list[Message]
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    n: int = 1
    seed: int | None = None
    stop: str | list[str] | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool = False
    top_logprobs: int | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool = True
    response_format: ResponseFormat | None = None
    reasoning_effort: Effort | None = None
    thinking: dict[str, Any] | None = None
    user: str | None = None
    safety_identifier: str | None = None

    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    def schema(self) -> dict[str, Any] | None:
        """The JSON schema the answer must follow."""
        asked = self.response_format
        return asked.json_schema.schema if asked and asked.type == "json_schema" and asked.json_schema else None


SYSTEM = frozenset({"system", "developer"})
OURS = frozenset({"model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens"})
HARMLESS = frozenset(
    {"metadata", "prediction", "prompt_cache_key", "prompt_cache_retention", "service_tier", "store", "verbosity", "cache_control"}
)
"""Fields that change neither what is answered nor in which form: left out without a word."""

NEUTRAL: Mapping[str, tuple[bytes, ...]] = {
    "n": (b"1",),
    "logprobs": (b"false",),
    "top_logprobs": (b"0",),
    "logit_bias": (b"{}",),
    "presence_penalty": (b"0", b"0.0"),
    "frequency_penalty": (b"0", b"0.0"),
    "modalities": (b'["text"]',),
    "functions": (b"[]",),
    "tools": (b"[]",),
}
"""Values that ask for nothing: fine with every provider."""

TOO_DEEP = "The request is nested too deeply."
ARGUMENTS = "messages[].tool_calls[].function.arguments"

_wish = msgspec.json.Decoder(Wish)


def read(order: Order, who: str, taken: frozenset[str], dropped: frozenset[str]) -> Wish:
    """The fields of a request that ``who`` takes. Unsupported names the first that it can neither take nor do without."""
    fields = {name: raw for name, raw in order.fields.items() if not _asks_for_nothing(name, raw)}
    for name in fields:
        if not any(name in known for known in (taken, dropped, OURS, HARMLESS)):
            raise Unsupported(f"{who} has nothing like '{name}'. Leave it out, or choose another model.", param=name)
    try:
        wished = _wish.decode(msgspec.json.encode({name: raw for name, raw in fields.items() if name not in dropped}))
    except RecursionError as error:
        raise Unsupported(TOO_DEEP) from error
    except msgspec.DecodeError as error:
        problem, _, path = str(error).partition(" - at `$.")
        param = path.rstrip("`").replace("[...]", "[]") or None
        raise Unsupported(f"Invalid '{param}' for {who}: {problem.replace('`', '')}.", param=param) from error
    if any(message.role == "function" for message in wished.messages):
        raise Unsupported(f"{who} has no messages of role 'function'. Send role 'tool' with a tool_call_id.", param="messages[].role")
    return wished


def _asks_for_nothing(name: str, raw: Raw) -> bool:
    return bytes(memoryview(raw)).replace(b" ", b"") in NEUTRAL.get(name, ())


def body(fields: Mapping[str, Any]) -> bytes:
    """What is sent, as JSON."""
    try:
        return write(fields)
    except ValueError as error:
        raise Unsupported(TOO_DEEP) from error


def data_url(url: str) -> tuple[str, str] | None:
    """Media type and base64 of a ``data:`` address, None for any other."""
    head, comma, data = url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        return None
    return head[5:-7].split(";")[0], data


def arguments(call: ToolCall) -> dict[str, Any]:
    """A tool call's arguments as the object they are the JSON of; what a model wrote may be none."""
    try:
        value = msgspec.json.decode(call.function.arguments or "{}")
    except (msgspec.DecodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Unsupported(
            f"The arguments of tool call '{call.id}' are not a JSON object.", param="messages[].tool_calls[].function.arguments"
        )
    return value
