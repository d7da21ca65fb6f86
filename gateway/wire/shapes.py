"""The pieces of an answer that are told in OpenAI's shapes, however an upstream spells them.

Upstreams leave fields out, name them otherwise, or send objects for text; official clients check what they get. What cannot
be brought into shape is left out: an answer is worth more than its decoration.
"""

import secrets
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

FINISHED = {
    "length": ("length", "max_tokens", "max_output_tokens", "model_length"),
    "tool_calls": ("tool_calls", "tool_use", "tool_call"),
    "function_call": ("function_call",),
    "content_filter": ("content_filter", "safety", "recitation", "refusal", "blocklist", "prohibited_content"),
}
_REASONS = {spelling: reason for reason, spellings in FINISHED.items() for spelling in spellings}
ROLES = frozenset(("developer", "system", "user", "assistant", "tool"))
TIERS = frozenset(("auto", "default", "flex", "scale", "priority", "fast"))


def finish_reason(said: str | None) -> str | None:
    """OpenAI's word for why a model stopped; None while it has not. Words nobody knows mean a plain stop."""
    return _REASONS.get(said.lower(), "stop") if said else None


def tier(said: object) -> Any:
    return said if isinstance(said, str) and said in TIERS else UNSET


# --- text ------------------------------------------------------------------------------------------


def text(content: Any) -> tuple[Any, str]:
    """Plain text of a content, and the thoughts in it: some upstreams send a list of parts."""
    if content is None or isinstance(content, str):
        return content, ""
    if not isinstance(content, list):
        return _json(content), ""
    parts = [part for part in content if isinstance(part, dict)]
    said = "".join(part["text"] for part in parts if isinstance(part.get("text"), str))
    thought = "".join(text(part["thinking"])[0] or "" for part in parts if "thinking" in part)
    return said, thought


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# --- tool calls ------------------------------------------------------------------------------------


class Called(Struct, omit_defaults=True):
    """A function's name and arguments, or in a stream a piece of them."""

    name: str | UnsetType | None = UNSET
    arguments: Any = UNSET

    def tidy(self) -> None:
        if self.arguments is None:
            self.arguments = ""
        elif self.arguments is not UNSET and not isinstance(self.arguments, str):
            self.arguments = _json(self.arguments)

    def written(self) -> int:
        return sum(len(piece) for piece in (self.name, self.arguments) if isinstance(piece, str))


class CustomInput(Struct):
    name: str = ""
    input: str = ""


class ToolCall(Struct, omit_defaults=True):
    index: int | UnsetType | None = UNSET
    id: str | UnsetType | None = UNSET
    type: str | UnsetType | None = UNSET
    function: Called | UnsetType | None = UNSET
    custom: CustomInput | UnsetType | None = UNSET

    def tidy_piece(self, position: int) -> None:
        """Of a stream: which call it belongs to is always told."""
        if not isinstance(self.index, int):
            self.index = position
        if isinstance(self.function, Called):
            self.function.tidy()

    def tidy_whole(self) -> None:
        """Of a whole answer: an id to answer to, a type, a name and arguments."""
        self.index = UNSET
        self.id = self.id or f"call_{secrets.token_hex(8)}"
        self.type = "custom" if isinstance(self.custom, CustomInput) else "function"
        if self.type == "function":
            self.function = called = self.function if isinstance(self.function, Called) else Called()
            called.name, called.arguments = called.name or "", UNSET if called.arguments is UNSET else called.arguments
            called.tidy()
            called.arguments = called.arguments or "{}"

    def written(self) -> int:
        size = self.function.written() if isinstance(self.function, Called) else 0
        return size + (len(self.custom.input) if isinstance(self.custom, CustomInput) else 0)


# --- what is passed on only in its proper shape ------------------------------------------------------


class TopLogprob(Struct):
    token: str
    logprob: float
    bytes: list[int] | None = None


class TokenLogprob(Struct):
    token: str
    logprob: float
    bytes: list[int] | None = None
    top_logprobs: list[TopLogprob] = []


class Logprobs(Struct):
    content: list[TokenLogprob] | None = None
    refusal: list[TokenLogprob] | None = None


class Citation(Struct):
    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(Struct):
    type: Literal["url_citation"]
    url_citation: Citation


class Audio(Struct):
    id: str
    data: str
    expires_at: int
    transcript: str


class AudioPiece(Struct, omit_defaults=True):
    id: str | UnsetType = UNSET
    data: str | UnsetType = UNSET
    expires_at: int | UnsetType = UNSET
    transcript: str | UnsetType = UNSET


ANNOTATIONS, AUDIO, AUDIO_PIECE, LOGPROBS = list[Annotation], Audio | None, AudioPiece | None, Logprobs | None


def proper(kind: Any, value: Any) -> Any:
    """The value in its shape, or nothing at all."""
    if value is UNSET:
        return UNSET
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return UNSET
