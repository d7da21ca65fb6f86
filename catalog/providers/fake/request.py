"""A request as the fake provider reads it, and what of it steers the answer."""

from typing import Any

import msgspec
from msgspec import Struct

from catalog.providers.fake.behaviours import BEHAVIOURS, NEVER_S, Behaviour

MOST_WORDS = 100_000


class Knobs(Struct, forbid_unknown_fields=True):
    """The request's own field ``fake``: turns a knob of any behaviour."""

    first_s: float | None = None
    pause_s: float | None = None
    words: int | None = None


class Function(Struct):
    name: str
    parameters: dict[str, Any] | None = None


class Tool(Struct):
    function: Function


class JsonSchema(Struct):
    schema: dict[str, Any] = {}


class ResponseFormat(Struct):
    json_schema: JsonSchema | None = None


class Message(Struct):
    role: str
    content: Any = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return " ".join(str(part.get("text", "")) for part in self.content if isinstance(part, dict))
        return str(self.content or "")


class FakeRequest(Struct):
    model: str
    messages: list[Message]
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    n: int = 1
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[Tool] | None = None
    tool_choice: str | Tool | None = None
    response_format: ResponseFormat | None = None
    fake: Knobs | None = None

    def behaviour(self) -> Behaviour | None:
        """What its model does, with the request's own knobs; None for a model nobody knows."""
        known = BEHAVIOURS.get(self.model)
        if known is None or self.fake is None:
            return known
        turned = {
            "first_s": _between(self.fake.first_s, NEVER_S),
            "pause_s": _between(self.fake.pause_s, NEVER_S),
            "words": _between(self.fake.words, MOST_WORDS),
        }
        return msgspec.structs.replace(known, **{name: value for name, value in turned.items() if value is not None})

    def limit(self) -> int:
        return min(self.max_completion_tokens or MOST_WORDS, self.max_tokens or MOST_WORDS)

    def prompt_tokens(self) -> int:
        """A word is a token here."""
        return sum(len(message.text().split()) for message in self.messages)

    def wants_usage(self) -> bool:
        return bool((self.stream_options or {}).get("include_usage"))

    def wanted_tool(self) -> Function | None:
        """The one it has to call, or the first; none where the last message is a tool's result or tools are not wanted."""
        offered = [tool.function for tool in self.tools or ()]
        if not offered or self.tool_choice == "none" or self.messages[-1].role == "tool":
            return None
        forced = self.tool_choice.function.name if isinstance(self.tool_choice, Tool) else None
        return next((function for function in offered if function.name == forced), offered[0])


def _between(value: float | None, most: float) -> float | None:
    return None if value is None else max(0, min(value, most))


decoder = msgspec.json.Decoder(FakeRequest)
