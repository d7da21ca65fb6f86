"""A chat completion as a client asks for it.

The body is decoded once, into its top-level fields left raw: what we know is validated, what we do not know is passed
on untouched, and what would redirect or re-credential the call is dropped.
"""

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from catalog.providers import Adapter
from catalog.snapshot import ModelCard, Route
from gateway.errors import InvalidRequest


class ImageUrl(Struct):
    url: str
    detail: str | UnsetType = UNSET


class TextPart(Struct, tag="text", tag_field="type"):
    text: str


class ImagePart(Struct, tag="image_url", tag_field="type"):
    image_url: ImageUrl


class AudioPart(Struct, tag="input_audio", tag_field="type"):
    input_audio: dict[str, Any]


class FilePart(Struct, tag="file", tag_field="type"):
    file: dict[str, Any]


class RefusalPart(Struct, tag="refusal", tag_field="type"):
    refusal: str


Part = TextPart | ImagePart | AudioPart | FilePart | RefusalPart
MODALITIES: dict[type, str] = {ImagePart: "image", AudioPart: "audio", FilePart: "file"}


class Message(Struct):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None
    tool_calls: list[Raw] | None = None
    function_call: Raw | None = None


class StreamOptions(Struct):
    include_usage: bool | None = None


Penalty = Annotated[float, Meta(ge=-2, le=2)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
KNOWN: dict[str, Any] = {
    "model": Annotated[str, Meta(max_length=300)],
    "messages": Annotated[list[Message], Meta(min_length=1)],
    "stream": bool,
    "stream_options": StreamOptions,
    "temperature": Annotated[float, Meta(ge=0, le=2)],
    "top_p": Annotated[float, Meta(ge=0, le=1)],
    "n": Annotated[int, Meta(ge=1, le=128)],
    "max_tokens": Count,
    "max_completion_tokens": Count,
    "stop": str | Annotated[list[str], Meta(max_length=16)],
    "seed": int,
    "presence_penalty": Penalty,
    "frequency_penalty": Penalty,
    "logprobs": bool,
    "top_logprobs": Annotated[int, Meta(ge=0, le=20)],
    "logit_bias": dict[str, float],
    "tools": Annotated[list[dict[str, Raw]], Meta(max_length=1024)],
    "parallel_tool_calls": bool,
    "response_format": dict[str, Raw],
    "user": str,
    "metadata": dict[str, str],
}
# fmt: off
DROPPED = frozenset((
    "api_base", "api_key", "api_type", "api_version", "base_url", "custom_llm_provider", "default_headers", "deployment_id",
    "extra_body", "extra_headers", "extra_query", "fallbacks", "headers", "http_client", "mock_response", "model_list", "models",
    "organization", "provider", "timeout",
))
# fmt: on
TEMPLATE_BYTES = 256  # what a chat template may add of its own, such as a default system prompt
BYTES_PER_TOKEN = 4  # only for estimates, where an upstream reports nothing

_fields = msgspec.json.Decoder(dict[str, Raw])
_known = {name: msgspec.json.Decoder(kind) for name, kind in KNOWN.items()}


class Ask(Struct, frozen=True):
    """A validated request. ``fields`` is what goes upstream, still raw; the rest is what we decide by."""

    fields: dict[str, Raw]
    model: str
    is_stream: bool
    wants_usage: bool
    choices: int
    output_limit: int | None
    prompt_bytes: int
    modalities: frozenset[str]
    has_remote_image: bool

    def prompt_bound(self, card: ModelCard) -> int:
        """No tokenizer makes more tokens than bytes; other modalities are bounded only by the context window."""
        return card.context_window if self.modalities else min(self.prompt_bytes + TEMPLATE_BYTES, card.context_window)

    def prompt_estimate(self) -> int:
        return -(-self.prompt_bytes // BYTES_PER_TOKEN)


def parse(body: bytes) -> Ask:
    """The request in a body of JSON; InvalidRequest names the field and what was expected there."""
    fields = _top_level(body)
    values = {name: _value(name, fields[name]) for name in fields.keys() & _known.keys()}
    messages: list[Message] = values.get("messages") or _missing("messages")
    return Ask(
        fields=fields,
        model=values.get("model", ""),
        is_stream=values.get("stream", False),
        wants_usage=bool(values["stream_options"].include_usage) if "stream_options" in values else False,
        choices=values.get("n", 1),
        output_limit=values.get("max_completion_tokens", values.get("max_tokens")),
        prompt_bytes=sum(len(memoryview(value)) for value in fields.values()),  # an unknown field may become prompt, too
        modalities=_modalities(messages),
        has_remote_image=_has_remote_image(messages),
    )


def _top_level(body: bytes) -> dict[str, Raw]:
    try:
        body.decode()
        fields = _fields.decode(body)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is not UTF-8: byte {error.start} is invalid.") from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error
    except msgspec.ValidationError as error:
        raise InvalidRequest("The body must be a JSON object with the fields of a chat completion.") from error
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from error
    return {name: value for name, value in fields.items() if name not in DROPPED and bytes(memoryview(value)[:4]) != b"null"}


def _value(name: str, raw: Raw) -> Any:
    try:
        return _known[name].decode(raw)
    except RecursionError as error:
        raise InvalidRequest(f"'{name}' is nested too deeply.", param=name) from error
    except msgspec.DecodeError as error:
        problem, _, path = str(error).partition(" - at `$")
        param = name + path.rstrip("`").replace("[...]", "[]")
        raise InvalidRequest(f"Invalid '{param}': {_plain(problem)}.", param=param) from error


def _plain(problem: str) -> str:
    """msgspec's sentence in the words of JSON."""
    return re.sub(r"`([^`]*)`", r"\1", problem).removesuffix(".")


def _missing(name: str) -> Any:
    raise InvalidRequest(f"'{name}' is missing. A chat completion needs 'model' and 'messages'.", param=name)


def _modalities(messages: list[Message]) -> frozenset[str]:
    kinds = {type(part) for message in messages if isinstance(message.content, list) for part in message.content}
    return frozenset(MODALITIES[kind] for kind in kinds if kind in MODALITIES)


def _has_remote_image(messages: list[Message]) -> bool:
    return any(
        isinstance(part, ImagePart) and not part.image_url.url.startswith("data:")
        for message in messages
        if isinstance(message.content, list)
        for part in message.content
    )


def check(ask: Ask, card: ModelCard) -> None:
    """InvalidRequest when this model cannot take this request, whatever the endpoint."""
    unknown = ask.modalities - frozenset(card.input_modalities)
    if unknown:
        raise InvalidRequest(
            f"{card.name} takes {' and '.join(card.input_modalities)} only, not {', '.join(sorted(unknown))}.", param="messages"
        )
    if ask.has_remote_image and card.category == "hosted":
        raise InvalidRequest("CLōD-hosted models fetch nothing: send images as data: URLs, not as links.", param="messages")
    if ask.output_limit is not None and ask.output_limit > card.max_output_tokens:
        raise InvalidRequest(
            f"{card.name} writes at most {card.max_output_tokens} tokens; you asked for {ask.output_limit}.", param="max_completion_tokens"
        )


def upstream_body(ask: Ask, route: Route, adapter: Adapter, output_limit: int) -> bytes:
    """The body for one endpoint: its own model name, the limit the hold was made for, and usage asked for."""
    fields: dict[str, Any] = {**ask.fields, "model": route.upstream_model}
    fields.pop("max_tokens", None)
    fields.pop("max_completion_tokens", None)
    fields[adapter.limit_field] = output_limit
    if ask.is_stream and adapter.usage_option:
        fields["stream_options"] = {"include_usage": True}
    elif not ask.is_stream:
        fields.pop("stream_options", None)
    return msgspec.json.encode(fields)
