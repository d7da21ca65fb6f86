"""One connection to an upstream, and the answers that come over it: HTTP/1.1 as protocol callbacks, one request after the other.

What an upstream may do to us is bounded: a head has 64 KiB, and of a body that nobody reads little more than 256 KiB is taken in.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from gateway.upstream.pools import Origin

MOST_HEAD_BYTES = 64 * 1024
UNREAD_BYTES = 256 * 1024  # more than that, and we stop listening until somebody reads
RELEASE_S = 0.5
Hear = Callable[[bytes], bool]  # takes a part of a body, and says whether that is enough for now


class Broken(ConnectionError):
    """The connection ended, or what came over it was not HTTP, before the answer was complete."""


class HungUp(Broken):
    """It ended without a word: a kept connection that had died, most of the time."""


class Response:
    """An answer: its head once ``begun`` has returned, its body as it comes. Headers have small letters; of two the last one counts."""

    status = 0

    def __init__(self, connection: "Connection", loop: asyncio.AbstractEventLoop) -> None:
        self.headers: dict[str, str] = {}
        self.is_complete = self.may_stay = False
        self._connection, self._loop = connection, loop
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._has_head = self._is_interim = self._ends_with_connection = False
        self._head_bytes = self._unread_bytes = 0
        self._parts: list[bytes] = []
        self._trouble: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._hear: Hear | None = None
        self._has_enough = False
        self._thrown: Exception | None = None

    # --- for whoever reads it ------------------------------------------------------------------------

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def begun(self) -> "Response":
        """This, once its head has come. Raises Broken, or HungUp where nothing came at all; whoever is cancelled here leaves the
        connection to be closed."""
        try:
            while not self._has_head:
                if self._trouble:
                    raise self._trouble
                await self._news()
        except BaseException:
            self._connection.abort()
            raise
        return self

    async def some(self) -> bytes:
        """What has come of the body, at least a byte; nothing at its end. Raises Broken where it breaks off."""
        while not self._parts:
            if self.is_complete:
                return b""
            if self._trouble:
                raise self._trouble
            await self._news()
        return self._taken()

    async def pour(self, hear: Hear) -> bool:
        """Hand the body over as it comes, in the turn of the event loop in which it comes. True at its end, False once ``hear`` has said
        that it has enough for now. Raises Broken where it breaks off, and whatever ``hear`` raises."""
        self._hear, self._has_enough = hear, False
        try:
            while True:
                self._hand_over()  # also what came before trouble, in the same piece
                if self._has_enough or self.is_complete:
                    break
                if self._trouble:
                    raise self._trouble
                await self._news()
        finally:
            self._hear = None
        if self._thrown:
            raise self._thrown
        return not self._has_enough

    def close(self) -> None:
        """End it now, unless it has ended: the upstream sees its connection close."""
        if not self.is_complete:
            self._connection.abort()

    async def release(self) -> None:
        """Leave the connection to others if the answer ends within a moment; close it otherwise."""
        if not self.is_complete:
            try:
                async with asyncio.timeout(RELEASE_S):
                    await self.some()
            except (TimeoutError, Broken):
                pass
        self.close()

    def _taken(self) -> bytes:
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        if self._unread_bytes > UNREAD_BYTES:
            self._connection.listen()
        self._unread_bytes = 0
        return body

    def _hand_over(self) -> None:
        """To whoever hears it, what there is. What they raise is raised where they wait for the end."""
        if self._hear and self._parts and not self._has_enough:
            try:
                self._has_enough = self._hear(self._taken())
            except Exception as error:
                self._thrown, self._has_enough = error, True

    def _news(self) -> "asyncio.Future[None]":
        self._waiter = waiter = self._loop.create_future()
        return waiter

    # --- what the connection hears --------------------------------------------------------------------

    def feed(self, data: bytes) -> None:
        if not self._has_head:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES + UNREAD_BYTES:
                return self.fail(Broken("its head has no end"))
        assert self._parser, "what is complete is fed no more"
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, UnicodeDecodeError):
            self.fail(Broken("it does not speak HTTP"))
        else:
            self._hand_over()
            if not self._hear or self._has_enough or self.is_complete:
                self._wake()
        if self.is_complete or self._trouble:
            self._parser = None  # it knows us, too: together we would wait for the garbage collector
        return None

    def ended(self, error: Exception | None) -> None:
        """The connection is gone. That is the end of an answer without a length, and breaks any other off."""
        if self._ends_with_connection and error is None and not self._trouble:
            self.is_complete = True
        elif not self.is_complete and not self._trouble:
            self._trouble = Broken("it broke off") if self._head_bytes else HungUp("it hung up")
        self._parser = None
        self._wake()

    def fail(self, trouble: Exception) -> None:
        self._trouble = trouble
        self._connection.abort()
        self._wake()

    def _wake(self) -> None:
        if self._waiter and not self._waiter.done():
            self._waiter.set_result(None)

    # --- what the parser finds in it ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.is_complete:  # a second answer, to no question
            self.may_stay = False

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.is_complete:
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        assert self._parser
        if self.is_complete:
            return
        self.status = self._parser.get_status_code()
        self._is_interim = self.status < 200
        if self._is_interim:
            self.headers.clear()
            return
        self._has_head = True
        self._ends_with_connection = "content-length" not in self.headers and "transfer-encoding" not in self.headers

    def on_body(self, body: bytes) -> None:
        if self.is_complete:
            return
        self._parts.append(body)
        self._unread_bytes += len(body)
        if self._unread_bytes > UNREAD_BYTES:
            self._connection.listen_no_more()

    def on_message_complete(self) -> None:
        if not self._is_interim and not self.is_complete:
            assert self._parser
            self.is_complete = True
            self.may_stay = self._parser.should_keep_alive()


class Connection(asyncio.Protocol):
    """``idle`` is told when it may serve another request, ``gone`` when it never will."""

    def __init__(self, origin: "Origin", idle: Callable[["Connection"], None], gone: Callable[["Connection"], None]) -> None:
        self.origin, self.idle_since = origin, 0.0
        self._idle, self._gone = idle, gone
        self._loop = asyncio.get_running_loop()
        self._response: Response | None = None
        self._is_deaf = False

    def ask(self, request: bytes) -> Response:
        """Send a request; its answer, which will have ``begun``."""
        self._response = response = Response(self, self._loop)
        self._transport.write(request)
        return response

    @property
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def abort(self) -> None:
        self._transport.abort()

    def listen_no_more(self) -> None:
        if not self._is_deaf and not self._transport.is_closing():
            self._is_deaf = True
            self._transport.pause_reading()

    def listen(self) -> None:
        if self._is_deaf:
            self._is_deaf = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # --- protocol ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:  # it speaks without being asked: a 408 before it closes, say
            return self.abort()
        response.feed(data)
        if response.is_complete:
            self._response = None
            if response.may_stay and not self._transport.is_closing():
                self.listen()
                self._idle(self)
            else:
                self.abort()
        return None

    def connection_lost(self, exc: Exception | None) -> None:
        response, self._response = self._response, None
        if response:
            response.ended(exc)
        self._gone(self)
