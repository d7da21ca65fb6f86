"""The frames between an upstream and a client: what the pump writes and the response reads, each at its own pace."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from gateway.wire import response

HEARTBEAT_S = 15.0
FULL_BYTES = 1024 * 1024


class Outbox:
    """Bounded in bytes: a writer waits while a slow reader has a megabyte before it. One reader, one writer."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._closed = False
        self._written = asyncio.Event()
        self._room = asyncio.Event()

    async def put(self, frame: bytes) -> None:
        """Add a frame once there is room."""
        while self.is_full() and not self._closed:
            self._room.clear()
            await self._room.wait()
        self.append(frame)

    def append(self, frame: bytes) -> None:
        """Add a frame at once: for the last few of a stream."""
        self._frames.append(frame)
        self._bytes += len(frame)
        self._written.set()

    def is_full(self) -> bool:
        return self._bytes >= FULL_BYTES

    def close(self) -> None:
        """Nothing more will come; what is in it is still read."""
        self._closed = True
        self._written.set()
        self._room.set()

    def abandon(self) -> None:
        """Nobody reads any more: what is written from now on is dropped."""
        self._frames = deque(maxlen=0)
        self._bytes = -(1 << 62)
        self._room.set()

    async def frames(self) -> AsyncIterator[bytes]:
        """Everything in it, frames that wait together as one write; a comment after 15 s of silence."""
        while True:
            if self._frames:
                waiting = b"".join(self._frames)
                self._frames.clear()
                self._bytes = 0
                self._room.set()
                yield waiting
            elif self._closed:
                return
            else:
                self._written.clear()
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._written.wait()
                except TimeoutError:
                    yield response.HEARTBEAT
