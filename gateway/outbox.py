"""The frames between an upstream and a client: what the pump writes and the response reads, each at its own pace."""

import asyncio
from collections import deque
from typing import Protocol

from clod_site.lib.waiting import done_within
from gateway.wire import response

HEARTBEAT_S = 15.0
FULL_BYTES = 1024 * 1024


class Reader(Protocol):
    """Takes frames whenever there are some, without a task that waits for them."""

    def may_write(self) -> bool: ...

    def write(self, frames: bytes, *, is_last: bool) -> None: ...


class Outbox:
    """Bounded in bytes: a writer waits while a slow reader has a megabyte before it. One writer; one reader, which either asks for
    what is ``next`` or is told of it after ``pour_into``.
    """

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._closed = self._is_due = False
        self._waiting: asyncio.Future[None] | None = None  # whoever asks, for a frame
        self._pausing: asyncio.Future[None] | None = None  # the writer, for room
        self._reader: Reader | None = None

    async def room(self) -> None:
        """Wait until it is full no more: after each frame but the last few."""
        while self.is_full() and not self._closed:
            self._pausing = asyncio.get_running_loop().create_future()
            await self._pausing

    def append(self, frame: bytes) -> None:
        """Add a frame."""
        self._add(frame)
        self._tell_reader()

    def write(self, frames: bytes) -> None:
        """Add several, and tell the reader at once."""
        reader = self._reader
        if reader is not None and not (self._frames or self._closed) and reader.may_write():
            self._told_at = self._loop.time()
            reader.write(frames, is_last=False)
            return
        self._add(frames)
        if reader is None:
            _wake(self._waiting)
        else:
            self.flush()

    def _add(self, frames: bytes) -> None:
        self._frames.append(frames)
        self._bytes += len(frames)

    def is_full(self) -> bool:
        return self._bytes >= FULL_BYTES

    def close(self) -> None:
        """Nothing more will come; what is in it is still read."""
        if self._closed:
            return
        self._closed = True
        _wake(self._pausing)
        self._tell_reader()

    def abandon(self) -> None:
        """Nobody reads any more: what is written from now on is dropped."""
        self._frames = deque(maxlen=0)
        self._bytes = -(1 << 62)
        _wake(self._pausing)

    async def next(self) -> bytes | None:
        """Everything in it, frames that wait together as one write; a comment after 15 s of silence; None after the last."""
        while not self._frames and not self._closed:
            self._waiting = asyncio.get_running_loop().create_future()
            if not await done_within(self._waiting, HEARTBEAT_S):
                return response.HEARTBEAT
        return self._taken() if self._frames else None

    def pour_into(self, reader: Reader) -> None:
        """The same, told to ``reader``: what is written at once, what is appended at the end of the event loop's turn."""
        self._loop = asyncio.get_running_loop()
        self._over = self._loop.create_future()
        self._reader, self._told_at = reader, self._loop.time()
        self._heart = self._loop.call_later(HEARTBEAT_S, self._beat)
        self.flush()

    async def over(self) -> None:
        """Wait until the reader was told the last of it."""
        await asyncio.shield(self._over)

    def flush(self) -> None:
        """Tell the reader what waits, if it may be told now; whoever has said no calls this when it says yes again."""
        self._is_due = False
        if self._reader is None or self._over.done() or not self._reader.may_write():
            return
        if self._frames or self._closed:
            self._told_at = self._loop.time()
            self._reader.write(self._taken() if self._frames else b"", is_last=self._closed)
        if self._closed:
            self._heart.cancel()
            self._over.set_result(None)

    def _tell_reader(self) -> None:
        if self._reader is None:
            _wake(self._waiting)
        elif not self._is_due:
            self._is_due = True
            self._loop.call_soon(self.flush)

    def _taken(self) -> bytes:
        waiting = b"".join(self._frames)
        self._frames.clear()
        self._bytes = 0
        _wake(self._pausing)
        return waiting

    def _beat(self) -> None:
        silent_s = self._loop.time() - self._told_at
        if silent_s >= HEARTBEAT_S and not self._frames:  # what waits for a slow reader is a sign of life, too
            self.append(response.HEARTBEAT)
        self._heart = self._loop.call_later(HEARTBEAT_S if silent_s >= HEARTBEAT_S else HEARTBEAT_S - silent_s, self._beat)


def _wake(sleeper: "asyncio.Future[None] | None") -> None:
    if sleeper and not sleeper.done():
        sleeper.set_result(None)
