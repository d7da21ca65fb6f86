"""The fields of a request that we know: the value each may have, and the sentence that says what was wrong with another."""

import re
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Raw, Struct

from catalog.preferences import Preferences
from gateway.errors import InvalidRequest
from gateway.wire.messages import ROLES, Message, TextPart
from gateway.wire.tools import AnyTool, Function, FunctionChoice, ResponseFormat, ToolChoice

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
Level = Literal["low", "medium", "high"]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Count = Annotated[int, Meta(ge=1, le=10_000_000)]
Id = Annotated[str, Meta(max_length=512)]
MOST_MODELS = 3  # a call makes three attempts


class StreamOptions(Struct):
    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class Voice(Struct):
    id: str


class AudioOutput(Struct):
    format: Literal["wav", "aac", "mp3", "flac", "opus", "pcm16"]
    voice: str | Voice


class Prediction(Struct):
    type: Literal["content"]
    content: str | list[TextPart]


KNOWN: dict[str, Any] = {
    "model": Annotated[str, Meta(max_length=300)],
    "models": Annotated[list[Annotated[str, Meta(max_length=300)]], Meta(min_length=1, max_length=MOST_MODELS)],
    "provider": Preferences,
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
    "logit_bias": dict[str, Annotated[float, Meta(ge=-100, le=100)]],
    "tools": Annotated[list[AnyTool], Meta(max_length=128)],
    "tool_choice": ToolChoice,
    "parallel_tool_calls": bool,
    "functions": Annotated[list[Function], Meta(max_length=128)],
    "function_call": FunctionChoice,
    "response_format": ResponseFormat,
    "reasoning_effort": Effort,
    "verbosity": Level,
    "modalities": Annotated[list[Literal["text", "audio"]], Meta(min_length=1)],
    "audio": AudioOutput,
    "prediction": Prediction,
    "web_search_options": dict[str, Raw],
    "store": bool,
    "service_tier": Literal["auto", "default", "flex", "scale", "priority", "fast"],
    "metadata": Annotated[dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)],
    "user": Id,
    "safety_identifier": Id,
    "prompt_cache_key": Id,
    "prompt_cache_retention": Literal["in_memory", "24h"],
}
ANY_ENTRY = "$[...]"  # msgspec's path of an object's entry
MOST_OF_A_NAME = 80
JSON_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
CHOICES = {
    "role": ROLES,
    "reasoning_effort": Effort.__args__,  # type: ignore[attr-defined]
    "verbosity": Level.__args__,  # type: ignore[attr-defined]
    "tool_choice": ("none", "auto", "required", '{"type": "function", "function": {"name": …}}'),
    "response_format.type": ("text", "json_object", "json_schema"),
}


class Known:
    """The fields of one operation, by name."""

    def __init__(self, kinds: dict[str, Any]) -> None:
        self._decoders = {name: msgspec.json.Decoder(kind) for name, kind in kinds.items()}
        self._entries = {name: msgspec.json.Decoder(values) for name, kind in kinds.items() if (values := _values_of(kind))}

    def read(self, given: dict[str, Raw]) -> dict[str, Any]:
        """The values of those that are known; InvalidRequest with the path of what is wrong in one."""
        decoders = self._decoders
        try:
            return {name: decoders[name].decode(raw) for name, raw in given.items() if name in decoders}
        except (msgspec.DecodeError, RecursionError):
            return {name: self.value(name, raw) for name, raw in given.items() if name in decoders}  # which says what is wrong

    def value(self, name: str, raw: Raw) -> Any:
        try:
            return self._decoders[name].decode(raw)
        except RecursionError as error:
            raise InvalidRequest(f"'{name}' is nested too deeply.", param=name) from error
        except msgspec.DecodeError as error:
            raise _invalid(name, str(error).replace(ANY_ENTRY, f"$.{self._wrong_entry(name, raw)}")) from error

    def _wrong_entry(self, name: str, raw: Raw) -> str:
        """The first of an object's entries that is wrong; msgspec says only that one is."""
        entries = msgspec.json.decode(raw, type=dict[str, Raw]).items() if name in self._entries else ()
        return next((key[:MOST_OF_A_NAME] for key, value in entries if not _fits(self._entries[name], value)), "[]")


def _values_of(kind: Any) -> Any:
    """What the entries of an object of this kind are; None where it has no free names."""
    kind = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    return get_args(kind)[1] if get_origin(kind) is dict else None


def _fits(decoder: msgspec.json.Decoder[Any], value: Raw) -> bool:
    try:
        decoder.decode(value)
    except msgspec.ValidationError:
        return False
    return True


def _invalid(name: str, complaint: str) -> InvalidRequest:
    problem, _, path = complaint.partition(" - at `")
    param = name + path.removeprefix("key in `").removeprefix("$").rstrip("`").replace("[...]", "[]")
    if missing := re.search("missing required field `(.*)`", problem):
        param = f"{param}.{missing[1]}"
        return InvalidRequest(f"'{param}' is missing.", param=param)
    options = next((options for end, options in CHOICES.items() if param.endswith(end)), ())
    valid = f" Valid are: {', '.join(options)}." if options else ""
    return InvalidRequest(f"Invalid '{param}': {_plain(problem)}.{valid}", param=param)


def _plain(problem: str) -> str:
    """msgspec's sentence in the words of JSON."""
    return re.sub(r"`([^`]*)`", lambda kind: re.sub(r"\w+", _in_json, kind[1]), problem).removesuffix(".")


def _in_json(word: re.Match[str]) -> str:
    return JSON_WORDS.get(word[0], word[0])
