"""An answer, written down before it is played: the deltas it consists of, why it ends, what it says about tokens."""

from itertools import cycle, islice
from typing import Any

import msgspec
from msgspec import Struct

from catalog.providers.fake.behaviours import Behaviour
from catalog.providers.fake.request import FakeRequest

SENTENCE = ("Same ", "request, ", "same ", "answer: ", "the ", "fake ", "provider ", "makes ", "nothing ", "up. ")
THOUGHTS = ("Let ", "me ", "think. ")
PIECE = 8  # characters of a tool call's arguments

Delta = dict[str, Any]


class Script(Struct, frozen=True):
    """Each delta is one token of the answer."""

    deltas: list[Delta]
    finish_reason: str
    prompt_tokens: int
    thought: int = 0

    def message(self) -> dict[str, Any]:
        """All of it at once."""
        said: dict[str, Any] = {"role": "assistant", "content": None}
        for delta in self.deltas:
            for name in ("content", "reasoning_content"):
                if name in delta:
                    said[name] = (said.get(name) or "") + delta[name]
            for piece in delta.get("tool_calls", ()):
                _grow(said.setdefault("tool_calls", []), piece)
        return said

    def usage(self, written: int) -> dict[str, Any]:
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": written,
            "total_tokens": self.prompt_tokens + written,
            "completion_tokens_details": {"reasoning_tokens": min(self.thought, written)},
        }


def write(request: FakeRequest, behaviour: Behaviour) -> Script:
    thoughts = [{"reasoning_content": word} for word in THOUGHTS] if behaviour.thinks else []
    said, finish_reason = _said(request, behaviour)
    deltas = thoughts + said
    if len(deltas) > request.limit():
        deltas, finish_reason = deltas[: request.limit()], "length"
    return Script(deltas, finish_reason, request.prompt_tokens(), len(thoughts))


def _said(request: FakeRequest, behaviour: Behaviour) -> tuple[list[Delta], str]:
    if behaviour.says == "tool-call" and (tool := request.wanted_tool()):
        arguments = msgspec.json.encode(example(tool.parameters or {"type": "object"})).decode()
        return _call(tool.name, arguments), "tool_calls"
    return [{"content": word} for word in _words(request, behaviour)], "stop"


def _words(request: FakeRequest, behaviour: Behaviour) -> list[str]:
    if behaviour.says == "echo":
        return _pieces(request.messages[-1].text())
    if behaviour.says == "json":
        asked = request.response_format.json_schema if request.response_format else None
        schema = asked.schema if asked else {"type": "object", "properties": {"answer": {"type": "string"}}}
        return _pieces(msgspec.json.encode(example(schema)).decode())
    return list(islice(cycle(SENTENCE), behaviour.words))


def _pieces(text: str) -> list[str]:
    """Its words, each with the space behind it."""
    words = text.split(" ")
    return [f"{word} " for word in words[:-1]] + words[-1:]


def _call(name: str, arguments: str) -> list[Delta]:
    head = {"index": 0, "id": "call_fake", "type": "function", "function": {"name": name, "arguments": ""}}
    pieces = [arguments[start : start + PIECE] for start in range(0, len(arguments), PIECE)]
    return [{"tool_calls": [head]}, *({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces)]


def _grow(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    if "id" in piece:
        calls.append({"id": piece["id"], "type": "function", "function": dict(piece["function"])})
    else:
        calls[-1]["function"]["arguments"] += piece["function"]["arguments"]


def example(schema: dict[str, Any]) -> Any:
    """The simplest value that fits a JSON schema: of alternatives the first; what contains itself does so once."""
    return _example(schema, schema.get("$defs", {}), frozenset())


def _example(schema: dict[str, Any], named: dict[str, Any], within: frozenset[str]) -> Any:
    """``within`` are the references that are being followed."""
    if reference := schema.get("$ref"):
        referred = named.get(reference.rpartition("/")[2], {})
        return None if reference in within else _example(referred, named, within | {reference})
    if "const" in schema:
        return schema["const"]
    if options := schema.get("enum"):
        return options[0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return _example(next((option for option in options if option.get("$ref") not in within), options[0]), named, within)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: _example(inner, named, within) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        items = schema.get("items", {"type": "string"})
        return [] if items.get("$ref") in within else [_example(items, named, within)]
    return {"integer": 1, "number": 1.5, "boolean": True, "null": None}.get(kind, "text")
