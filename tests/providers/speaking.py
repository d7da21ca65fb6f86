"""What tests of a dialect share: orders to translate, recorded answers to read, and a stream put together again."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Raw

from catalog.providers.dialect import Dialect, Order
from gateway.upstream.answer import Translation

RECORDED = Path(__file__).with_name("recorded")
PIXEL = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
ASK = [{"role": "user", "content": "What is the weather in Paris?"}]


def order(model: str, messages: list[dict[str, Any]] | None = None, limit: int = 1000, stream: bool = False, **fields: Any) -> Order:
    values = {"model": "whatever", "messages": messages or ASK, "max_tokens": 5, "stream": stream} | fields
    return Order({name: Raw(json.dumps(value).encode()) for name, value in values.items()}, model, limit, stream)


def asked(dialect: Dialect, model: str, messages: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    """The body that would be sent."""
    return json.loads(dialect.body(order(model, messages, **fields)))


def tool_turns(*results: str) -> list[dict[str, Any]]:
    """A conversation in which the model called a tool once for each result."""
    calls = [
        {"id": f"call:{n}", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
        for n in range(len(results))
    ]
    answers = [{"role": "tool", "tool_call_id": f"call:{n}", "content": result} for n, result in enumerate(results)]
    return [*ASK, {"role": "assistant", "content": None, "tool_calls": calls}, *answers]


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def completed(dialect: Dialect, name: str) -> dict[str, Any]:
    return json.loads(dialect.completion(recorded(name)))


def frames(dialect: Dialect, stream: bytes, cuts: list[int] | None = None) -> bytes:
    """What becomes of a stream that arrives in pieces, cut at these places."""
    translation = Translation(dialect)
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts or []), len(stream)]
    return b"".join(translation.feed(stream[start:end]) for start, end in pairwise(places))


def events(dialect: Dialect, stream: bytes) -> list[Any]:
    *parts, rest = frames(dialect, stream).decode().split("\n\n")
    assert rest == ""
    assert all(part.startswith("data: ") and "\n" not in part and "\r" not in part for part in parts), parts
    return [part if part == "[DONE]" else json.loads(part) for part in (part.removeprefix("data: ") for part in parts)]


def joined(chunks: list[Any]) -> dict[str, Any]:
    """The message that a client makes of the chunks of its first choice, with its finish reason and the last usage."""
    message: dict[str, Any] = {"tool_calls": []}
    finish, usage = None, None
    for chunk in chunks:
        if chunk == "[DONE]":
            continue
        usage = chunk.get("usage", usage)
        for choice in chunk["choices"]:
            delta, finish = choice["delta"], choice["finish_reason"] or finish
            for name in ("role", "content", "reasoning_content", "refusal"):
                if delta.get(name):
                    message[name] = message.get(name, "") + delta[name]
            for piece in delta.get("tool_calls", ()):
                _add_call(message["tool_calls"], piece)
    return message | {"finish_reason": finish, "usage": usage}


def _add_call(calls: list[dict[str, Any]], piece: dict[str, Any]) -> None:
    if piece["index"] == len(calls):
        calls.append({"id": piece["id"], "name": piece["function"]["name"], "arguments": ""})
    calls[piece["index"]]["arguments"] += piece["function"].get("arguments", "")
