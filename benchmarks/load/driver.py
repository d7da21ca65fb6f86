"""Clients in a process of their own: ``python -m benchmarks.load.driver`` with its orders as JSON on stdin; prints what it saw as JSON.

Every connection sends its next request when it has its answer, for ``seconds``; what is under way then is finished. Latencies are in
seconds. An answer that is not 200, or a connection that breaks off, is an error.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import httptools
import uvloop

DRAIN_S = 20
DONE = b"[DONE]"


@dataclass
class Seen:
    answers: int = 0
    errors: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Client(asyncio.Protocol):
    """``over`` is set once its last answer has come."""

    def __init__(self, request: bytes, ends_at: float, seen: Seen, *, is_stream: bool) -> None:
        self._request, self._ends_at, self._seen, self._is_stream = request, ends_at, seen, is_stream
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.over.done():
            self._trouble(f"broke off: {exc}")
            self.over.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        if not self._first:
            self._first = time.perf_counter()
        self._tail = (self._tail + body)[-32:] if self._is_stream else b""
        if self._parser.get_status_code() != 200:
            self._trouble(body[:200].decode(errors="replace"))

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        if self._is_stream and DONE not in self._tail:
            self._trouble("a stream without its end")
        self._seen.answers += 1
        self._seen.latencies.append(now - self._began)
        self._seen.first_bytes.append((self._first or now) - self._began)
        if now < self._ends_at:
            self._ask()
        else:
            self.over.set_result(None)
            self._transport.close()

    def _ask(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._first, self._tail = 0.0, b""
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def _trouble(self, what: str) -> None:
        self._seen.errors += 1
        if len(self._seen.troubles) < 3:
            self._seen.troubles.append(what)


async def drive(port: int, path: str, headers: dict[str, str], body: str, connections: int, seconds: float) -> Seen:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    text = body.encode()
    request = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{lines}content-length: {len(text)}\r\n\r\n".encode() + text
    seen, loop, began = Seen(), asyncio.get_running_loop(), time.perf_counter()
    clients = [
        (
            await loop.create_connection(
                lambda: Client(request, began + seconds, seen, is_stream='"stream": true' in body), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    await asyncio.wait_for(asyncio.gather(*(client.over for client in clients)), seconds + DRAIN_S)
    seen.seconds = time.perf_counter() - began
    return seen


def say(seen: Seen) -> None:
    """Not by print: after uvloop has run, that now and then leaves out what is more than 64 KiB."""
    told = json.dumps(asdict(seen)).encode()
    while told:
        told = told[os.write(sys.stdout.fileno(), told) :]


if __name__ == "__main__":
    say(uvloop.run(drive(**json.loads(sys.stdin.read()))))
