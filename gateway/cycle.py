"""One request to the gateway on its connection: what it asks, and what it is answered, without ASGI in between.

uvicorn drives it as it drives a cycle of its own, so keeping alive, pipelining and shutting down are one thing for both.
"""

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from clod_site.lib import log_lines
from gateway import door
from gateway.calls import Call, Headers
from gateway.errors import EncodedBody
from gateway.outbox import Outbox

if TYPE_CHECKING:
    from gateway.connection import Connection

WITHOUT_BODY = frozenset({204, 304})
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


class _Nobody:
    """Where uvicorn tells a cycle of its own that something has come: this one looks when all has."""

    def set(self) -> None: ...


_of_last_second: tuple[object, bytes] = None, b""


def _of_server(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The server's own, with the date, as lines. uvicorn makes a new list of them each second."""
    global _of_last_second
    if _of_last_second[0] is not headers:
        _of_last_second = headers, b"".join([b"%b: %b\r\n" % header for header in headers])
    return _of_last_second[1]


class Cycle:
    message_event = _Nobody()
    response_started = response_complete = disconnected = False
    more_body = True
    _has_begun = _is_chunked = False
    _call: Call | None = None
    _stream: Outbox | None = None

    def __init__(
        self,
        connection: "Connection",
        method: str,
        path: str,
        query: bytes,
        *,
        address: str,
        has_chunks: bool,
        keep_alive: bool,
        waits_for_word: bool,
    ) -> None:
        self.keep_alive = keep_alive
        self.body = bytearray()
        self._connection, self._transport = connection, connection.transport
        self._method, self._path, self._query = method, path, query
        self._headers = connection.headers.copy()  # trailers, which come to them later, are none of ours
        self._values = dict(self._headers)
        self._address = address
        self._knows_chunks, self._waits_for_word = has_chunks, waits_for_word

    def has_its_turn(self) -> None:
        """No answer is under way before it any more. A client that has waited for that to send its body is told."""
        if self._waits_for_word and self.more_body:
            self._transport.write(CONTINUE)
        self.begin()

    def begin(self) -> None:
        """Answer it, once the last byte of its body has come. Before that, and a second time, nothing happens."""
        if not self.more_body and not self._has_begun:
            self._has_begun = True
            tasks = self._connection.tasks
            task = self._connection.loop.create_task(self._answer())
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    def client_left(self) -> None:
        self.disconnected = True
        if self._call:
            self._call.leave()
        self.may_go_on()

    def may_go_on(self) -> None:
        """The client takes bytes again, or never will."""
        if self._stream:
            self._stream.flush()

    async def _answer(self) -> None:
        body, self.body = bytes(self.body), bytearray()
        self._call = call = Call(
            body,
            self._header(b"authorization") or "",
            self._query.decode("latin-1"),
            idempotency_key=self._header(b"idempotency-key"),
            address=self._address,
            header=lambda name: self._header(name.encode()) or "",
        )
        log_lines.begin(request_id=call.public_id)
        if self.disconnected:
            call.leave()
        refusal = None if (self._header(b"content-encoding") or "").lower() in {"", "identity"} else EncodedBody()
        await door.answer(call, self._method, self._path, self, refusal)
        self._call = self._stream = None  # they know of us, too: together they would wait for the garbage collector

    def _header(self, name: bytes) -> str | None:
        """What all headers of this name say, joined as HTTP has it; None where there is none."""
        if len(self._values) == len(self._headers):
            value = self._values.get(name)
            return None if value is None else value.decode("latin-1")
        values = [value for key, value in self._headers if key == name]
        return b",".join(values).decode("latin-1") if values else None

    # --- the answer ----------------------------------------------------------------------------------

    def whole(self, status: int, headers: Headers, body: bytes) -> None:
        """Send all of it."""
        if not self.disconnected:
            length = [] if status in WITHOUT_BODY else [("content-length", str(len(body)))]
            self._transport.write(self._head(status, headers + length) + (b"" if self._method == "HEAD" else body))
            self._complete()

    def stream(self, status: int, headers: Headers, outbox: Outbox) -> None:
        """Send the head, and whatever is in the outbox, as it comes."""
        self._is_chunked = self._knows_chunks
        self.keep_alive = self.keep_alive and self._is_chunked
        self._unsent = self._head(status, [*headers, ("transfer-encoding", "chunked")] if self._is_chunked else headers)
        self._stream = outbox
        outbox.pour_into(self)
        if self._unsent and not self.disconnected:
            self._transport.write(self._unsent)
            self._unsent = b""

    def may_write(self) -> bool:
        return self.disconnected or not self._connection.flow.write_paused

    def write(self, frames: bytes, *, is_last: bool) -> None:
        """A part of a stream. The head goes with the first one."""
        if self.disconnected:
            return
        if self._is_chunked:
            frames = (b"%x\r\n%b\r\n" % (len(frames), frames) if frames else b"") + (LAST_CHUNK if is_last else b"")
        self._transport.write(self._unsent + frames)
        self._unsent = b""
        if is_last:
            self._complete()

    def _head(self, status: int, headers: Headers) -> bytes:
        if not self.keep_alive:
            headers = [*headers, ("connection", "close")]
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
        if lines.count("\n") != len(headers) or lines.count("\r") != len(headers):
            raise ValueError("a line break in a header")
        self.response_started = True
        return STATUS_LINE[status] + _of_server(self._connection.server_state.default_headers) + lines.encode("latin-1") + b"\r\n"

    def _complete(self) -> None:
        self.response_complete = True
        if not self.keep_alive:
            self._transport.close()
        self._connection.on_response_complete()
