"""The fast lane: /v1 answered before Django sees it.

Whatever is wrong, the answer is JSON. What a connection may send, and for how long, is bounded in gateway.connection; gateway.cycle is the
request and its answer as bytes.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Protocol

from clod_site.lib.refusal import Refusal
from gateway import errors, pages, pipeline, prices, runtime, scrape, telling, usage
from gateway.calls import Call, Headers, Reply, refuse
from gateway.headers import always, rates, timing
from gateway.outbox import Outbox
from gateway.wire import operations

log = logging.getLogger("gateway.door")

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
    ("GET", re.compile(r"/v1/usage"), usage.answer),
    ("GET", re.compile(r"/v1/prices/now"), prices.now),
    ("GET", re.compile(r"/v1/prices"), prices.history),
    ("GET", re.compile(r"/healthz"), pages.healthz),
    ("GET", re.compile(r"/readyz"), pages.readyz),
    ("GET", re.compile(r"/metrics"), scrape.metrics),
)
NOWHERE = "–"
_AT_ONCE = {(method, pattern.pattern): handler for method, pattern, handler in PATHS if "(" not in pattern.pattern}
_ROUTES = {pattern: re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", pattern.pattern) for _, pattern, _ in PATHS}


def opens(path: str) -> bool:
    """Whether this path belongs to the gateway."""
    return is_api(path) or path in {"/healthz", "/readyz", "/metrics"}


def is_api(path: str) -> bool:
    """Django can answer these, too, where the fast lane is switched off."""
    return path == "/v1" or path.startswith("/v1/")


class Client(Protocol):
    """Whoever is answered. Each answer begins once."""

    def whole(self, status: int, headers: Headers, body: bytes) -> None: ...

    def stream(self, status: int, headers: Headers, outbox: Outbox) -> None: ...


async def answer(call: Call, method: str, path: str, client: Client, refusal: Refusal | None = None) -> None:
    """Answer one request; with ``refusal``, where its head already says that it cannot be."""
    response, where = Response(client, call), NOWHERE
    try:
        handler, arguments, where = _handler(method, path)
        if refusal:
            raise refusal
        await response.send(await handler(call, **arguments))
    except errors.ClientLeft:
        pass
    except Refusal as refused:
        await response.refuse(refused)
    except asyncio.CancelledError:  # the server has waited for running calls as long as it was told to
        await call.shut_down()
        await response.refuse(errors.ShuttingDown())
    except Exception:
        log.exception("%s failed", call.public_id)
        await response.refuse(errors.Unexpected())
    finally:
        response.tell(where)


def _handler(method: str, path: str) -> tuple[Handler, dict[str, str], str]:
    """Who answers, what the path names, and the route without that."""
    if handler := _AT_ONCE.get((method, path)):
        return handler, {}, path
    path = path.rstrip("/")
    found = [(allowed, match, handler) for allowed, pattern, handler in PATHS if (match := pattern.fullmatch(path))]
    for allowed, match, handler in found:
        if method in {allowed, "HEAD" if allowed == "GET" else allowed}:
            return handler, match.groupdict(), _ROUTES[match.re]
    if found:
        raise errors.WrongMethod(path, method, found[0][0])
    raise errors.NoSuchPath(
        f"There is nothing at {path[:200]}. Chat completions are at POST /v1/chat/completions, embeddings at POST /v1/embeddings."
    )


class Response:
    """What is sent for one request: one status, one body, whatever goes wrong in between."""

    def __init__(self, client: Client, call: Call) -> None:
        self._client = client
        self._call = call
        self._reply: Reply | None = None

    async def send(self, reply: Reply) -> None:
        headers = self._headers(reply)
        if reply.stream is None:
            self._client.whole(reply.status, headers, reply.body)
            self._reply = reply
        else:
            self._client.stream(reply.status, headers, reply.stream)
            self._reply = reply
            await reply.stream.over()

    async def refuse(self, refusal: Refusal) -> None:
        """Say no. A stream that has begun is read to its end instead: its error is its last event."""
        if self._reply is None:
            self._call.refusal = refusal
            await self.send(refuse(refusal, self._call.public_id))
        elif self._reply.stream is not None:
            await self._reply.stream.over()

    def tell(self, where: str) -> None:
        telling.ended(self._call, self._reply.status if self._reply else telling.NOBODY_LEFT, where)

    def _headers(self, reply: Reply) -> Headers:
        headers = reply.headers + rates(self._call) + timing(self._call) + always()
        ours = "x-request-id", self._call.public_id
        is_told = ours in headers or any(name == "x-request-id" for name, _ in headers)  # a repeated answer has that of the first call
        return headers if is_told else [*headers, ours]


async def lifespan(receive: Receive, send: Send) -> None:
    """Warm what the first call needs; on the way out let running calls finish, then settle the rest."""
    await receive()
    await runtime.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await runtime.stop()
    await send({"type": "lifespan.shutdown.complete"})
