"""A chat completion as a client asks for it.

The body is decoded once, into its top-level fields left raw: what we know is validated, what we do not know is passed
on untouched, and what would redirect or re-credential the call, or change its price, is dropped.
"""

from itertools import starmap
from typing import Any

import msgspec
from msgspec import Raw, Struct

from catalog import names, preferences
from catalog.names import Wanted
from catalog.operations import CHAT
from catalog.preferences import Preferences
from catalog.providers import Adapter
from catalog.snapshot import ModelCard, Route
from gateway.errors import InvalidRequest
from gateway.wire import fields, malformed, messages, rules
from gateway.wire.messages import Contents
from gateway.wire.tools import JsonObjectFormat, JsonSchemaFormat

# fmt: off
DROPPED = frozenset((
    "api_base", "api_key", "api_type", "api_version", "base_url", "chat_template", "custom_llm_provider", "data_sources",
    "default_headers", "deployment_id", "extra_body", "extra_headers", "extra_query", "fallbacks", "headers", "http_client",
    "kv_transfer_params", "litellm_params", "mock_response", "model_list", "organization", "plugins", "preset", "priority", "route",
    "router_settings", "timeout",
))
# fmt: on
OURS = frozenset(("models", "provider"))  # decided by here, and of no use to an upstream
UNSTORED = ("metadata", "store")  # they label a completion that is kept, and none is
TEMPLATE_BYTES = 256  # what a chat template may add of its own, such as a default system prompt
INSTRUCTIONS_BYTES = 768  # what a provider adds to explain tools or a format to its model: Claude's are up to 530 tokens
EXPLAINED = frozenset(("tools", "json_object", "json_schema"))
EXPLAINING = frozenset(("tools", "functions", "response_format"))  # the fields that do
NEEDING = EXPLAINING | {"reasoning_effort", "logprobs", "n"}  # the fields that need a feature of the model
ENOUGH_ROOM = 1024  # tokens for an answer nobody has limited; with less, a long prompt is taken for words, not for bytes
LEAST_ROOM = 256  # a prompt that seems to leave less may be shorter than it looks
TEMPLATE_TOKENS = messages.tokens_of(TEMPLATE_BYTES)
SHORTEST_WORD = 2  # bytes, with the space before it
JSON_FORMATS: dict[type, str] = {JsonObjectFormat: "json_object", JsonSchemaFormat: "json_schema"}

NULL = Raw(b"null")

_fields = msgspec.json.Decoder(dict[str, Raw])
_known = fields.Known(fields.KNOWN)


class Ask(Struct, frozen=True, kw_only=True):
    """A validated request. ``fields`` is what goes upstream, still raw; the rest is what we decide by.

    ``model`` is what the caller wrote first, ``wanted`` that and its fallbacks; ``features``
    are what it needs of a model (``catalog.features``), with the field that needs each. ``inputs`` is how many
    prompts it has, each with the context window for itself. A chat completion's, unless it says otherwise.
    """

    operation: str = CHAT
    prompt_field: str = "messages"
    limit_field: str = "max_completion_tokens"
    inputs: int = 1

    fields: dict[str, Raw]
    model: str
    wanted: tuple[Wanted, ...]
    preferences: Preferences
    is_stream: bool
    wants_usage: bool
    choices: int
    output_limit: int | None
    prompt_bytes: int
    contents: Contents
    features: dict[str, str]
    writes_audio: bool = False

    def prompt_bound(self, card: ModelCard) -> int:
        """No tokenizer makes more tokens than bytes; other modalities are bounded only by the context window."""
        added = TEMPLATE_BYTES + (INSTRUCTIONS_BYTES if EXPLAINED & self.features.keys() else 0)
        most = card.context_window * self.inputs
        return most if self.contents.modalities else min(self.prompt_bytes + added, most)

    def output_bound(self, card: ModelCard) -> int:
        """What is held for each choice, and told to the upstream. Servers of hosted models refuse what does not fit beside the prompt."""
        if self.output_limit is not None:
            return self.output_limit
        return min(card.max_output_tokens, self._room(card)) if card.category == "hosted" else card.max_output_tokens

    def _room(self, card: ModelCard) -> int:
        """What the prompt leaves of the window: for sure, or where that is little for all we know. An image has no size in tokens."""
        if self.contents.modalities:
            return card.context_window // 2
        sure = card.context_window - self.prompt_bound(card)
        return sure if sure >= ENOUGH_ROOM else max(sure, card.context_window - self.prompt_estimate() - TEMPLATE_TOKENS, LEAST_ROOM)

    def prompt_estimate(self) -> int:
        """About how many tokens the prompt has: for rates, and for the bill where nobody reports them. What is not said to the
        model does not count."""
        if self.fields.keys().isdisjoint(EXPLAINING):
            return self.contents.tokens
        explained = sum(len(memoryview(self.fields[name])) for name in EXPLAINING & self.fields.keys())
        return self.contents.tokens + messages.tokens_of(explained)

    def least_tokens(self, worth_counting: int) -> int:
        """Tokens the prompt has for sure, counted only where it is long enough to have more than ``worth_counting``."""
        return self._least_tokens() if self.prompt_bytes > worth_counting * SHORTEST_WORD else 0

    def _least_tokens(self) -> int:
        return messages.least_tokens(_known.value(self.prompt_field, self.fields[self.prompt_field]))


def parse(body: bytes) -> Ask:
    """The request in a body of JSON; InvalidRequest names the field and what was expected there."""
    given = top_level(body)
    values = _known.read(given)
    said = values.get("messages") or _missing("messages")
    rules.check(values)
    return Ask(
        **addressed(given, values),
        is_stream=values.get("stream", False),
        wants_usage=wants_usage(values),
        choices=values.get("n", 1),
        output_limit=values.get("max_completion_tokens", values.get("max_tokens")),
        contents=messages.check(said),
        features=_features(values),
        writes_audio="audio" in values.get("modalities", ()),
    )


def top_level(body: bytes) -> dict[str, Raw]:
    """The fields of a body of JSON, without those that are dropped or null."""
    try:
        body.decode()
        given = _fields.decode(body)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is not UTF-8: byte {error.start} is invalid.") from error
    except RecursionError as error:
        raise InvalidRequest("The body is nested too deeply.") from error
    except msgspec.ValidationError as error:
        raise InvalidRequest("The body must be a JSON object with the fields of the call.") from error
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The body is not valid JSON: {malformed.why(body, error)}.") from error
    return {name: value for name, value in given.items() if name not in DROPPED and value != NULL}


def addressed(given: dict[str, Raw], values: dict[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """What every operation's Ask begins with: whom it is for, and what goes there."""
    written = _written(values)
    return {
        "fields": {name: value for name, value in given.items() if name not in OURS and name not in without},
        "model": next(iter(written)),
        "wanted": tuple(starmap(names.parse, written.items())),
        "preferences": values.get("provider", preferences.NONE),
        "prompt_bytes": sum([len(memoryview(value)) for value in given.values()]),  # an unknown field may become prompt, too
    }


def wants_usage(values: dict[str, Any]) -> bool:
    return bool(values["stream_options"].include_usage) if "stream_options" in values else False


def _missing(name: str) -> Any:
    raise InvalidRequest(f"'{name}' is missing. A chat completion needs 'model' and 'messages'.", param=name)


def _written(values: dict[str, Any]) -> dict[str, str]:
    """The model and its fallbacks, each once, with the field it stands in."""
    written = {values["model"]: "model"} if "model" in values else {}
    for index, text in enumerate(values.get("models", ())):
        written.setdefault(text, f"models[{index}]")
    if len(written) > fields.MOST_MODELS:
        raise InvalidRequest(
            f"'model' and 'models' name {len(written)} models. At most {fields.MOST_MODELS} are tried; name fewer.", param="models"
        )
    return written or {"": "model"}


def _features(values: dict[str, Any]) -> dict[str, str]:
    needed: dict[str, str] = {}
    if values.keys().isdisjoint(NEEDING):
        return needed
    for name in ("tools", "functions"):
        if values.get(name):
            needed["tools"] = name
    if kind := JSON_FORMATS.get(type(values.get("response_format"))):
        needed[kind] = "response_format"
    if values.get("reasoning_effort", "none") != "none":
        needed["reasoning"] = "reasoning_effort"
    if values.get("logprobs"):
        needed["logprobs"] = "logprobs"
    if values.get("n", 1) > 1:
        needed["choices"] = "n"
    return needed


def upstream_body(ask: Ask, route: Route, adapter: Adapter, output_limit: int) -> bytes:
    """The body for one endpoint: its own model name, the limit the hold was made for, and usage asked for."""
    given: dict[str, Any] = {**ask.fields, "model": route.upstream_model}
    for name in ("max_tokens", "max_completion_tokens", "stream_options", *UNSTORED):
        given.pop(name, None)
    if ask.limit_field:
        given[adapter.limit_field if ask.operation == CHAT else ask.limit_field] = output_limit
    if ask.is_stream and adapter.usage_option:
        given["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(given)
