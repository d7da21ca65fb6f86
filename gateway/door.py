"""The fast lane: /v1 answered before Django sees it.

Whatever is wrong, the answer is JSON. What a connection may send, and for how long, is bounded in gateway.connection.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from django.conf import settings

from clod_site.lib.refusal import Refusal
from gateway import errors, pages, pipeline, prices, runtime
from gateway.calls import Call, Headers, Reply, refuse
from gateway.headers import rates
from gateway.wire import operations

log = logging.getLogger("gateway.door")

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Handler = Callable[..., Awaitable[Reply]]

PATHS: tuple[tuple[str, re.Pattern[str], Handler], ...] = (
    ("POST", re.compile(r"/v1/chat/completions"), pipeline.serve),
    ("POST", re.compile(r"/v1/completions"), partial(pipeline.serve, operation=operations.COMPLETIONS)),
    ("POST", re.compile(r"/v1/embeddings"), partial(pipeline.serve, operation=operations.EMBEDDINGS)),
    ("GET", re.compile(r"/v1/models"), pages.models),
    ("GET", re.compile(r"/v1/models/(?P<name>.+)"), pages.model),
    ("GET", re.compile(r"/v1/providers/models"), pages.offers),
    ("GET", re.compile(r"/v1/key"), pages.key),
    ("GET", re.compile(r"/v1/requests"), pages.requests),
    ("GET", re.compile(r"/v1/requests/(?P<public_id>[^/]+)"), pages.request),
    ("GET", re.compile(r"/v1/prices/now"), prices.now),
    ("GET", re.compile(r"/v1/prices"), prices.history),
    ("GET", re.compile(r"/healthz"), pages.healthz),
    ("GET", re.compile(r"/readyz"), pages.readyz),
)


def opens(path: str) -> bool:
    """Whether this path belongs to the gateway."""
    return path.startswith("/v1/") or path in {"/v1", "/healthz", "/readyz"}


async def door(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one HTTP request of the ASGI server."""
    call = Call(
        b"",
        _header(scope, b"authorization"),
        _query(scope),
        idempotency_key=_all_of(scope, b"idempotency-key"),
        address=_address(scope),
        header=lambda name: _all_of(scope, name.encode()) or "",
    )
    response = Response(send, call)
    watch: asyncio.Task[None] | None = None
    try:
        handler, arguments = _handler(scope)
        call.body = await _body(scope, receive)
        watch = asyncio.create_task(_watch(receive, call))
        await response.send(await handler(call, **arguments))
    except errors.ClientLeft:
        pass
    except Refusal as refusal:
        await response.refuse(refusal)
    except asyncio.CancelledError:  # the server has waited for running calls as long as it was told to
        await call.shut_down()
        await response.refuse(errors.ShuttingDown())
    except Exception:
        log.exception("%s failed", call.public_id)
        await response.refuse(errors.Unexpected())
    finally:
        if watch:
            watch.cancel()


def _handler(scope: Scope) -> tuple[Handler, dict[str, str]]:
    path = scope["path"].rstrip("/")
    found = [(method, match, handler) for method, pattern, handler in PATHS if (match := pattern.fullmatch(path))]
    for method, match, handler in found:
        if scope["method"] in {method, "HEAD" if method == "GET" else method}:
            return handler, match.groupdict()
    if found:
        raise errors.WrongMethod(path, scope["method"], found[0][0])
    raise errors.NoSuchPath(
        f"There is nothing at {path[:200]}. Chat completions are at POST /v1/chat/completions, embeddings at POST /v1/embeddings."
    )


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")


def _all_of(scope: Scope, name: bytes) -> str | None:
    """What all headers of this name say, joined as HTTP has it; None where there is none."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ",".join(values) if values else None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _query(scope: Scope) -> str:
    return bytes(scope.get("query_string", b"")).decode("latin-1")


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body, at most 4 MiB, not compressed. How long it may take is the connection's to say."""
    if _header(scope, b"content-encoding").lower() not in {"", "identity"}:
        raise errors.EncodedBody
    return await _read(receive)


async def _read(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise errors.ClientLeft
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > settings.CLOD_MAX_BODY_BYTES:
            raise errors.BodyTooLarge
        if not message.get("more_body"):
            return b"".join(parts)


async def _watch(receive: Receive, call: Call) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    call.leave()


class Response:
    """What is sent for one request: one status, one body, whatever goes wrong in between."""

    def __init__(self, send: Send, call: Call) -> None:
        self._send = send
        self._call = call
        self._reply: Reply | None = None

    async def send(self, reply: Reply) -> None:
        await self._start(reply)
        if reply.frames is None:
            await self._send({"type": "http.response.body", "body": reply.body})
        else:
            await self._stream(reply.frames())

    async def refuse(self, refusal: Refusal) -> None:
        """Say no. A stream that has begun is read to its end instead: its error is its last event."""
        if self._reply is None:
            await self.send(refuse(refusal, self._call.public_id))
        elif self._reply.frames is not None:
            await self._stream(self._reply.frames())

    async def _start(self, reply: Reply) -> None:
        headers = [(name.encode(), value.encode()) for name, value in self._headers(reply)]
        self._reply = reply
        await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})

    async def _stream(self, frames: AsyncIterator[bytes]) -> None:
        async for frame in frames:
            await self._send({"type": "http.response.body", "body": frame, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    def _headers(self, reply: Reply) -> Headers:
        headers = dict(reply.headers + rates(self._call))
        headers.setdefault("x-request-id", self._call.public_id)
        if reply.frames is None and reply.status != 304:  # whose length would be that of what it stands for
            headers["content-length"] = str(len(reply.body))
        return list(headers.items())


async def lifespan(receive: Receive, send: Send) -> None:
    """Warm what the first call needs; on the way out let running calls finish, then settle the rest."""
    await receive()
    await runtime.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await runtime.stop()
    await send({"type": "lifespan.shutdown.complete"})
