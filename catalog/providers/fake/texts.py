"""What the fake provider is asked at ``/completions`` and ``/embeddings``: prompts of text or tokens. A token is a word here, too."""

import base64
import hashlib
import math
from array import array
from typing import Any

import msgspec
from msgspec import Struct

from catalog.providers.fake.request import FakeRequest, Knobs, Message

Texts = str | list[str | int | list[int]]
MOST_DIMENSIONS = 4096


class CompletionRequest(Struct):
    model: str
    prompt: Texts
    stream: bool = False
    stream_options: dict[str, Any] | None = None
    n: int = 1
    max_tokens: int | None = None
    fake: Knobs | None = None


class EmbeddingRequest(Struct):
    model: str
    input: Texts
    encoding_format: str = "float"
    dimensions: int = 8
    fake: Knobs | None = None


_completion = msgspec.json.Decoder(CompletionRequest)
_embedding = msgspec.json.Decoder(EmbeddingRequest)


def read_completion(body: bytes) -> FakeRequest:
    """As a chat with a message for each prompt; the last one is answered, for every prompt ``n`` times."""
    asked = _completion.decode(body)
    messages = _messages(asked.prompt)
    choices = asked.n * len(messages)
    return FakeRequest(asked.model, messages, asked.stream, asked.stream_options, choices, asked.max_tokens, fake=asked.fake)


def read_embedding(body: bytes) -> tuple[FakeRequest, list[Any]]:
    """As a chat with a message for each text, and the vectors of all of them."""
    asked = _embedding.decode(body)
    messages = _messages(asked.input)
    dimensions = min(asked.dimensions, MOST_DIMENSIONS)
    vectors = [vector(message.text(), dimensions) for message in messages]
    told = [base64.b64encode(one.tobytes()).decode() if asked.encoding_format == "base64" else one.tolist() for one in vectors]
    return FakeRequest(asked.model, messages, fake=asked.fake), told


def vector(text: str, dimensions: int) -> "array[float]":
    """Of length 1, and always the same for a text."""
    drawn = hashlib.shake_256(text.encode()).digest(dimensions)
    length = math.sqrt(sum(byte * byte for byte in drawn)) or 1
    return array("f", [byte / length for byte in drawn])


def _messages(texts: Texts) -> list[Message]:
    if isinstance(texts, list) and all(isinstance(one, int) for one in texts):
        texts = [texts]  # type: ignore[list-item]
    return [Message("user", _text(one)) for one in ([texts] if isinstance(texts, str) else texts)]


def _text(one: str | int | list[int]) -> str:
    return " ".join(map(str, one)) if isinstance(one, list) else str(one)
