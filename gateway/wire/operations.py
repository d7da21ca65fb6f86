"""The operations of ``catalog.operations`` on the wire: how each is asked for, and how it is answered."""

from collections.abc import Callable
from typing import Any

import msgspec

from catalog import operations
from gateway.wire import chunks, request, response
from gateway.wire.completions import request as completions_request
from gateway.wire.completions import response as completions_response
from gateway.wire.embeddings import request as embeddings_request
from gateway.wire.embeddings import response as embeddings_response
from gateway.wire.request import Ask
from gateway.wire.response import Head


class Streamed(msgspec.Struct, frozen=True):
    """How an answer is told in pieces."""

    chunks: Callable[[], Any]
    usage_frame: Callable[[Head, dict[str, Any]], bytes]


class Operation(msgspec.Struct, frozen=True):
    """``answer`` is what an upstream has to send, in words; ``prefix`` is that of an answer's id.

    Whatever ``read`` and ``chunks`` give has ``choices`` (each with ``written()`` and ``finish_reason``) and ``usage``.
    """

    name: str
    answer: str
    prefix: str
    parse: Callable[[bytes], Ask]
    read: Callable[[bytes, Ask], Any]
    body: Callable[[Head, Any, dict[str, Any]], bytes]
    streamed: Streamed | None


CHAT = Operation(
    name=operations.CHAT,
    answer="a chat completion",
    prefix="chatcmpl-",
    parse=request.parse,
    read=lambda body, _: response.read_completion(body),
    body=response.completion_body,
    streamed=Streamed(chunks.Chunks, chunks.usage_frame),
)
COMPLETIONS = Operation(
    name=operations.COMPLETIONS,
    answer="a completion",
    prefix="cmpl-",
    parse=completions_request.parse,
    read=completions_response.read,
    body=completions_response.body,
    streamed=Streamed(completions_response.Chunks, completions_response.usage_frame),
)
EMBEDDINGS = Operation(
    name=operations.EMBEDDINGS,
    answer="a list of embeddings",
    prefix="embd-",
    parse=embeddings_request.parse,
    read=embeddings_response.read,
    body=embeddings_response.body,
    streamed=None,
)
ALL = {operation.name: operation for operation in (CHAT, COMPLETIONS, EMBEDDINGS)}
