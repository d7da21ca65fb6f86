"""What dialects answer: OpenAI's completions, chunks and counts, written from whatever a provider said."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

MOST_TOKENS = 10**15

Shape = TypeVar("Shape")


def read(decoder: msgspec.json.Decoder[Shape], data: bytes) -> Shape:
    """What a provider said. ValueError for anything of another shape."""
    try:
        return decoder.decode(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def write(value: Any) -> bytes:
    """As JSON. ValueError for what could just be read, and is nested too deeply to be written."""
    try:
        return msgspec.json.encode(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def tool_call(call_id: str, name: str, arguments_json: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments_json}}


def token(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode())}


def choice(index: int, delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": index, "delta": delta, "finish_reason": finish_reason}


def chunk(choices: Sequence[Mapping[str, Any]], usage: Mapping[str, Any] | None = None) -> bytes:
    return write({"choices": choices} | ({"usage": usage} if usage is not None else {}))


def error(message: str) -> bytes:
    """What an upstream says when it breaks off."""
    return write({"error": {"message": message}})


def usage(prompt: int, completion: int | None, *, cached: int, reasoning: int) -> dict[str, Any]:
    """Tokens as OpenAI counts them; the prompt's include what was cached, the completion's what was thought.

    ``completion`` None: not known yet.
    """
    counted = {"prompt_tokens": prompt, "prompt_tokens_details": {"cached_tokens": cached}}
    if completion is None:
        return counted
    return counted | {"completion_tokens": completion, "completion_tokens_details": {"reasoning_tokens": reasoning}}


def total(*counts: Any) -> int:
    """Their sum, absent ones being zero; −1, which nobody believes, when one is no number of tokens."""
    known = [count for count in counts if count is not None]
    return sum(known) if all(type(count) is int and 0 <= count <= MOST_TOKENS for count in known) else -1
