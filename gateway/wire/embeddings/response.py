"""Embeddings as they are answered: one vector for each text, in the encoding that was asked for, whatever the upstream sent."""

import base64
import math
import sys
from array import array
from typing import Any, ClassVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from gateway.wire.embeddings.request import EmbeddingsAsk
from gateway.wire.request import Ask
from gateway.wire.response import Head, read_as

COUNTED = ("prompt_tokens", "total_tokens", "cost", "cost_details")  # nothing is written, and nothing thought or cached
FLOAT = "f"  # four bytes each, little-endian on the wire


class Vector(Struct):
    embedding: str | list[float]
    index: int = 0
    object: str = "embedding"


class Embeddings(Struct):
    data: list[Vector]
    usage: Raw | UnsetType = UNSET
    choices: ClassVar[tuple[Any, ...]] = ()  # nothing is written


_embeddings = msgspec.json.Decoder(Embeddings)


def read(body: bytes, ask: Ask) -> Embeddings:
    """A vector for each input, in their order. ValueError for anything else."""
    embeddings = read_as(_embeddings, body)
    embeddings.data.sort(key=lambda vector: vector.index)
    if [vector.index for vector in embeddings.data] != list(range(ask.inputs)):
        raise ValueError("not one vector for each input")
    is_base64 = isinstance(ask, EmbeddingsAsk) and ask.is_base64
    for vector in embeddings.data:
        vector.object = "embedding"
        vector.embedding = _as_base64(vector.embedding) if is_base64 else _as_floats(vector.embedding)
    return embeddings


def body(head: Head, embeddings: Embeddings, usage: dict[str, Any]) -> bytes:
    told = {name: usage[name] for name in COUNTED}
    return msgspec.json.encode({"object": "list", "data": embeddings.data, "model": head.model, "usage": told})


def _as_base64(vector: str | list[float]) -> str:
    return base64.b64encode(_swapped(_numbers(vector)).tobytes()).decode()


def _as_floats(vector: str | list[float]) -> list[float]:
    return _numbers(vector).tolist() if isinstance(vector, str) else _checked(vector)


def _numbers(vector: str | list[float]) -> "array[float]":
    """ValueError for text that is not the base64 of floats, and for numbers that are none."""
    try:
        numbers = _swapped(array(FLOAT, base64.b64decode(vector, validate=True))) if isinstance(vector, str) else array(FLOAT, vector)
    except OverflowError as error:
        raise ValueError("not a 32-bit float") from error
    _checked(numbers)
    return numbers


def _checked(numbers: Any) -> Any:
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError("not a vector")
    return numbers


def _swapped(numbers: "array[float]") -> "array[float]":
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
