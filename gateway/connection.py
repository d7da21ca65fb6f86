"""One client's connection: uvicorn's HTTP protocol with a bound on everything a client can send, or fail to send.

It holds for every path, also Django's, before anything is spooled to disk. Whatever is refused is refused in JSON, and the
connection is closed. The bounds are in docs/limits.md.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from clod_site.lib import ids
from clod_site.lib.at_hand import settings
from clod_site.lib.refusal import Refusal
from gateway import addresses, door, errors, telling
from gateway.calls import refuse
from gateway.cycle import Cycle
from gateway.gate import gate
from gateway.headers import always

HEAD_WITHIN_S = 10.0
BODY_WITHIN_S = 30.0
READ_WITHIN_S = 120.0  # how long a full buffer may wait for its reader
LINGER_S = 1.0  # how long a client that is still writing may read why it is refused
LINGERING = 100
MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
PIECE_BYTES = 16 * 1024
TOO_MANY_HEADERS = errors.HeadTooLarge(f"There are more than {MAX_HEADERS} headers.")
OFFERS = frozenset((b"connection", b"upgrade", b"http2-settings"))


class Refused(Exception):
    """Stops the parser, from one of its callbacks."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


class Connection(HttpToolsProtocol):
    neighbourhood = ""
    _is_inside = _is_deaf = _is_proxy = False
    _has_begun = False  # a request, of which not all has come
    _in_head = True  # and what comes next belongs to a head
    _raw_bytes = _body_bytes = _kept_bytes = 0
    _clock: asyncio.TimerHandle | None = None
    _reader_clock: asyncio.TimerHandle | None = None
    _serving: RequestResponseCycle | Cycle | None = None
    cycle: RequestResponseCycle | Cycle  # type: ignore[assignment]

    # --- coming and going --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.headers = []
        peer = self.client[0] if self.client else ""
        self._is_proxy = addresses.is_trusted(peer)
        self.neighbourhood = "" if self._is_proxy else addresses.neighbourhood(peer)
        if refusal := gate.enter(self):
            self._turn_away(refusal)
        else:
            self._is_inside = True
            self._start_clock(HEAD_WITHIN_S, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        self._stop_clock()
        self.resume_writing()
        super().connection_lost(exc)
        if isinstance(self._serving, Cycle) and not self._serving.response_complete:
            self._serving.client_left()

    def make_room(self) -> None:
        self._leave()
        self.transport.abort()

    def _leave(self) -> None:
        self._give_back()
        if self._is_inside:
            self._is_inside = False
            gate.leave(self)

    def _give_back(self) -> None:
        gate.take(-self._kept_bytes)
        self._kept_bytes = 0

    # --- what comes in -----------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._is_deaf:
            return
        self._unset_keepalive_if_required()
        try:
            for start in range(0, len(data), PIECE_BYTES):
                self._take_in(data[start : start + PIECE_BYTES])
        except Refused as refused:
            self._turn_away(refused.refusal)
        else:
            self._set_clock()

    def _take_in(self, piece: bytes) -> None:
        """Heads are bounded, and of bodies what is sent around them: chunk sizes, extensions and trailers may be endless, too."""
        self._parse(piece)
        self._raw_bytes += len(piece)
        if len(self.headers) > MAX_HEADERS:  # of a head that has no end yet, or trailers
            raise Refused(TOO_MANY_HEADERS)
        if self._in_head and self._raw_bytes > MAX_HEAD_BYTES:
            raise Refused(errors.HeadTooLarge(f"The request line and headers are larger than {MAX_HEAD_BYTES // 1024} KiB."))
        if self._raw_bytes > 2 * settings.CLOD_MAX_BODY_BYTES:
            raise Refused(errors.BodyTooLarge())

    def _parse(self, data: bytes) -> None:
        while data:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                data = self._without_offer() + data[offer.args[0] :]
            except httptools.HttpParserError as error:
                raise error.__context__ if isinstance(error.__context__, Refused) else Refused(errors.NotHttp()) from None

    def _without_offer(self) -> bytes:
        """The same head for a new parser, without the offer to speak another protocol. Any request may carry one (Java's do), and is
        to be answered in the protocol it came in; but this parser leaves the body of such a request unread."""
        kept = [b"%s: %s" % header for header in self.headers if header[0] not in OFFERS]
        if any(name == b"connection" and b"close" in value.lower() for name, value in self.headers):
            kept.append(b"connection: close")
        line = b"%s %s HTTP/1.1" % (self.parser.get_method(), self.url)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as the first one
        return b"\r\n".join([line, *kept, b"", b""])

    # --- what the parser finds in it -----------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._has_begun, self._body_bytes = True, 0

    def on_headers_complete(self) -> None:
        if len(self.headers) > MAX_HEADERS:
            raise Refused(TOO_MANY_HEADERS)
        if self.parser.get_method() == b"CONNECT":
            raise Refused(errors.NoTunnel())
        if self.parser.should_upgrade():
            return  # it comes again, without the offer
        for name, value in self.headers:
            if name == b"content-length" and int(value) > settings.CLOD_MAX_BODY_BYTES:
                raise Refused(errors.BodyTooLarge())
        if self._is_proxy and (client := addresses.forwarded_for(self.headers)):
            self.scope["client"] = client, 0
        try:
            if not self._takes_the_fast_lane():
                super().on_headers_complete()
        except (httptools.HttpParserError, UnicodeDecodeError):
            raise Refused(errors.NotHttp()) from None
        if self._is_inside:
            gate.serves(self)
        self._in_head, self._raw_bytes = False, 0
        self._stop_clock()

    def _takes_the_fast_lane(self) -> bool:
        """Whether the request is the gateway's, and then waits for its body or its turn; Django's go the way that uvicorn has for all."""
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        if not door.opens(path) or (door.is_api(path) and not settings.CLOD_FAST_LANE):
            return False
        version, client = self.parser.get_http_version(), self.scope["client"]
        before, self.cycle = (
            self.cycle,
            Cycle(
                self,
                self.parser.get_method().decode("ascii"),
                path,
                url.query or b"",
                address=client[0] if client else "",
                has_chunks=version != "1.0",
                keep_alive=version != "1.0" and self.parser.should_keep_alive(),
                waits_for_word=self.expect_100_continue,
            ),
        )
        if before is None or before.response_complete:
            self._serving = self.cycle
            self.cycle.has_its_turn()
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))  # type: ignore[arg-type]
        return True

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > settings.CLOD_MAX_BODY_BYTES:
            raise Refused(errors.BodyTooLarge())
        if not self.cycle.response_complete:
            self._kept_bytes += len(body)
            if not gate.take(len(body)):
                raise Refused(errors.TooBusy())
        if isinstance(self.cycle, Cycle):
            self.cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        super().on_message_complete()
        if isinstance(self.cycle, Cycle) and self.cycle is self._serving:
            self.cycle.begin()
        self._has_begun, self._in_head, self._raw_bytes = False, True, 0
        self._stop_clock()

    def _should_upgrade(self) -> bool:
        return False

    # --- answering -----------------------------------------------------------------------------------

    def _start_asgi_task(self, cycle: RequestResponseCycle | Cycle, app: Any) -> None:
        self._serving = cycle
        if isinstance(cycle, Cycle):
            cycle.has_its_turn()
        else:
            super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self._give_back()
        super().on_response_complete()
        if self._is_inside and not self.pipeline:
            gate.waits(self)
        if self.transport.get_write_buffer_size():
            self._start_reader_clock()

    def _turn_away(self, refusal: Refusal) -> None:
        """Hear nothing more; say why, unless an answer is on its way; close."""
        self._is_deaf = True
        self._stop_clock()
        serving, current = self._serving, None if self._in_head else self.cycle
        if serving and not serving.response_complete and serving is not current:
            serving.keep_alive = False  # the answer to an earlier request is the last one
            self.pipeline.clear()
            self.flow.pause_reading()
        elif (current and current.response_started) or len(self.connections) > settings.CLOD_MAX_CONNECTIONS + LINGERING:
            self.transport.close()
        else:
            if current:
                current.disconnected = True
                current.message_event.set()
            self._refuse(refusal)

    def _refuse(self, refusal: Refusal) -> None:
        """A client that is reset while it writes would never read this, so what it still sends is dropped for a moment."""
        telling.refused_total.add(1, refusal.code)
        reply = refuse(refusal, ids.public("req", ids.uuid7()))
        status = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}"
        headers = [*reply.headers, *always(), ("content-length", str(len(reply.body))), ("connection", "close")]
        head = "\r\n".join([status, *(f"{name}: {value}" for name, value in headers), "", ""])
        self.transport.write(head.encode() + reply.body)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self._start_clock(LINGER_S, self.transport.close)

    # --- clocks --------------------------------------------------------------------------------------

    def _set_clock(self) -> None:
        """For a request of which a part has come. Where one is being answered and the next has not begun, none runs."""
        if not self._in_head:
            self._start_clock(BODY_WITHIN_S, self._body_is_late)
        elif self._has_begun or self._serving is None or self._serving.response_complete:
            self._start_clock(HEAD_WITHIN_S, self._head_is_late)

    def _start_clock(self, seconds: float, late: Callable[[], None]) -> None:
        if self._clock is None:
            self._clock = self.loop.call_later(seconds, late)

    def _stop_clock(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _head_is_late(self) -> None:
        if self._has_begun:
            self._turn_away(errors.HeadTooSlow(f"The headers did not arrive within {HEAD_WITHIN_S:.0f} seconds."))
        else:
            self.transport.close()

    def _body_is_late(self) -> None:
        self._clock = None
        if self.flow.read_paused:  # it waits for us, not we for it
            self._set_clock()
        else:
            self._turn_away(errors.BodyTooSlow(f"The body did not arrive within {BODY_WITHIN_S:.0f} seconds."))

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_reader_clock()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._reader_clock is not None:
            self._reader_clock.cancel()
            self._reader_clock = None
        if isinstance(self._serving, Cycle):
            self._serving.may_go_on()

    def _start_reader_clock(self) -> None:
        if self._reader_clock is None:
            self._reader_clock = self.loop.call_later(READ_WITHIN_S, self._reader_is_gone)

    def _reader_is_gone(self) -> None:
        self._reader_clock = None
        is_over = self._serving is None or self._serving.response_complete
        if self.flow.write_paused or (is_over and self.transport.get_write_buffer_size()):
            self.transport.abort()
