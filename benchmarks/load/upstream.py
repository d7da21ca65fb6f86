"""A model server that is no bottleneck: ``python -m benchmarks.load.upstream PORT``.

It looks at a request's head for its length and at its body for three words. Whole answers are 1 KB; streams are 20 pieces, written
at once, or one each PACE_MS where the question says so, or, of those that are to be idle, all but the first after IDLE_S.
"""

import asyncio
import json
import sys
from typing import Any

import httptools
import uvloop

PIECES, ANSWER_BYTES = 20, 1024
USAGE = {"prompt_tokens": 20, "completion_tokens": PIECES, "total_tokens": 20 + PIECES}
PACE_MS, IDLE_S = 50, 6
PACED, IDLE, STREAMED = b"paced", b"idle", b'"stream":true'
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: "


def _whole() -> bytes:
    def body(words: str) -> bytes:
        message = {"role": "assistant", "content": words}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": USAGE}
        return json.dumps(answer).encode()

    text = body("x" * (ANSWER_BYTES - len(body(""))))
    return HEAD + b"application/json\r\ncontent-length: %d\r\n\r\n" % len(text) + text


def _event(delta: dict[str, str], finish: str | None = None, **more: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    event = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice], **more}
    return _chunk(b"data: " + json.dumps(event).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


WHOLE = _whole()
STREAM_HEAD = HEAD + b"text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
EVENTS = [_event({"content": "word "}) for _ in range(PIECES - 1)] + [_event({"content": "end"}, "stop")]
LAST = _event({}, choices=[], usage=USAGE) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
STREAM = STREAM_HEAD + b"".join(EVENTS) + LAST


class Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        if STREAMED not in self._body.replace(b" ", b""):
            self._transport.write(WHOLE)
        elif IDLE in self._body:
            self._transport.write(STREAM_HEAD + EVENTS[0])
            asyncio.get_running_loop().call_later(IDLE_S, self._transport.write, b"".join(EVENTS[1:]) + LAST)
        elif PACED not in self._body:
            self._transport.write(STREAM)
        else:
            self._transport.write(STREAM_HEAD)
            self._next(0)

    def _next(self, number: int) -> None:
        if self._transport.is_closing():
            return
        if number == len(EVENTS):
            self._transport.write(LAST)
            return
        self._transport.write(EVENTS[number])
        asyncio.get_running_loop().call_later(PACE_MS / 1000, self._next, number + 1)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1])))
