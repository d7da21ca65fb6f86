"""What Anthropic answers, as OpenAI would: a message becomes a completion, its events become chunks."""

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from catalog.providers import openai
from catalog.providers.openai import choice, chunk, tool_call

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",  # it is not finished, and would go on when asked
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class Block(Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: Any = None


class StopDetails(Struct):
    explanation: str | None = None


class Message(Struct):
    content: list[Block]
    stop_reason: str | None = None
    stop_details: StopDetails | None = None
    usage: Any = None


class Opening(Struct):
    """The message as it begins."""

    usage: Any = None


class Delta(Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None
    stop_details: StopDetails | None = None


class Error(Struct):
    message: str = ""


class Event(Struct):
    """Any event of a stream; which fields are set depends on ``type``."""

    type: str
    index: int = 0
    message: Opening | None = None
    content_block: Block | None = None
    delta: Delta | None = None
    usage: Any = None
    error: Error | None = None


_message = msgspec.json.Decoder(Message)
_event = msgspec.json.Decoder(Event)


def completion(body: bytes) -> bytes:
    message = openai.read(_message, body)
    calls = [tool_call(block.id, block.name, _json(block.input)) for block in message.content if block.type == "tool_use"]
    text = "".join(block.text for block in message.content)
    said: dict[str, Any] = {"role": "assistant", "content": text if text or not calls else None}
    if thoughts := "".join(block.thinking for block in message.content):
        said["reasoning_content"] = thoughts
    if calls:
        said["tool_calls"] = calls
    said |= _refusal(message.stop_details)
    answered = {"index": 0, "message": said, "finish_reason": _finish(message.stop_reason)}
    return openai.write({"choices": [answered], "usage": _usage(message.usage)})


class Translator:
    """Events of one message. Blocks are numbered over all kinds there, tool calls by themselves here."""

    def __init__(self) -> None:
        self._calls: dict[int, int] = {}
        self._unwritten: dict[int, str] = {}
        self._usage: dict[str, Any] = {}

    def feed(self, event: bytes) -> Iterator[bytes]:
        said = openai.read(_event, event)
        if said.type == "message_start":
            yield self._started(said.message)
        elif said.type == "content_block_start" and said.content_block:
            yield from self._block_started(said.index, said.content_block)
        elif said.type == "content_block_delta" and said.delta:
            yield from self._block_grew(said.index, said.delta)
        elif said.type == "content_block_stop":
            yield from self._block_ended(said.index)
        elif said.type == "message_delta" and said.delta:
            yield self._ended(said.delta, said.usage)
        elif said.type == "message_stop":
            yield b"[DONE]"
        elif said.type == "error":
            yield openai.error(said.error.message if said.error else "")

    def _started(self, message: Opening | None) -> bytes:
        """Its usage counts the prompt; of the answer nothing is written yet."""
        self._usage = _counts(message.usage if message else None)
        return chunk([choice(0, {"role": "assistant", "content": ""})], _usage(self._usage | {"output_tokens": None}))

    def _block_started(self, index: int, block: Block) -> Iterator[bytes]:
        if block.type == "tool_use":
            number = self._calls[index] = len(self._calls)
            self._unwritten[index] = _json(block.input)  # nearly always {}: the arguments follow as deltas, or there are none
            yield _delta({"tool_calls": [{"index": number} | tool_call(block.id, block.name, "")]})
        yield from _words(block.text, block.thinking)

    def _block_grew(self, index: int, delta: Delta) -> Iterator[bytes]:
        if delta.partial_json and index in self._calls:
            self._unwritten.pop(index, None)
            yield self._arguments(index, delta.partial_json)
        yield from _words(delta.text, delta.thinking)

    def _block_ended(self, index: int) -> Iterator[bytes]:
        if arguments := self._unwritten.pop(index, ""):
            yield self._arguments(index, arguments)

    def _arguments(self, index: int, piece: str) -> bytes:
        return _delta({"tool_calls": [{"index": self._calls[index], "function": {"arguments": piece}}]})

    def _ended(self, delta: Delta, usage: Any) -> bytes:
        self._usage |= {name: count for name, count in _counts(usage).items() if count is not None}
        return chunk([choice(0, _refusal(delta.stop_details), _finish(delta.stop_reason))], _usage(self._usage))


def _words(text: str, thoughts: str) -> Iterator[bytes]:
    if thoughts:
        yield _delta({"reasoning_content": thoughts})
    if text:
        yield _delta({"content": text})


def _delta(delta: dict[str, Any]) -> bytes:
    return chunk([choice(0, delta)])


def _refusal(details: StopDetails | None) -> dict[str, str]:
    return {"refusal": details.explanation} if details and details.explanation else {}


def _finish(reason: str | None) -> str | None:
    return None if reason is None else FINISH.get(reason, "stop")


def _json(value: Any) -> str:
    return openai.write({} if value is None else value).decode()


def _counts(usage: Any) -> dict[str, Any]:
    return usage if isinstance(usage, dict) else {}


def _usage(usage: Any) -> dict[str, Any] | None:
    """Its input tokens are without those read from or written to the cache; its output tokens include the thoughts."""
    counts = _counts(usage)
    if "input_tokens" not in counts:
        return None
    cached, written = counts.get("cache_read_input_tokens"), counts.get("output_tokens")
    return openai.usage(
        openai.total(counts.get("input_tokens"), counts.get("cache_creation_input_tokens"), cached),
        None if written is None else openai.total(written),
        cached=openai.total(cached),
        reasoning=openai.total(_counts(counts.get("output_tokens_details")).get("thinking_tokens")),
    )
