"""Answers that are made once and kept: a bounded number, of a bounded size, the one that nobody has asked for longest goes first.

They are made one after another by a thread of their own, so that neither the event loop nor those who look up keys wait for
them. Everybody who asks the same thing meanwhile waits for the same answer, for five seconds at most; then it is told what
was kept before, or 503, and finds the answer when it tries again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

import msgspec

from gateway import snapshots
from gateway.errors import Unavailable

WITHIN_S = 5.0
MADE_WITHIN_S = 20.0
MAX_WAITING = 16
MAX_ANSWERS = 256
MAX_BYTES = 32 * 1024 * 1024


class Keepable(Protocol):
    @property
    def is_settled(self) -> bool:
        """False: it will be another one in a second, so it is told and not kept."""

    @property
    def size(self) -> int: ...


Answer = TypeVar("Answer", bound=Keepable)
_maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="price-reader")


class Entry(msgspec.Struct, Generic[Answer], frozen=True):
    stamp: Hashable
    answer: Answer


class Kept(Generic[Answer]):
    """By question. An answer holds for as long as its ``stamp`` is what it was made with."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Hashable, Entry[Answer]] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[Answer]] = {}
        self._bytes = 0

    def has(self, question: Hashable, stamp: Hashable) -> bool:
        entry = self._entries.get(question)
        return entry is not None and entry.stamp == stamp and entry.answer.is_settled

    async def get(self, question: Hashable, stamp: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer; the one before it when none can be made now. Unavailable when there is neither."""
        if self.has(question, stamp):
            self._entries.move_to_end(question)
            return self._entries[question].answer
        try:
            return await self._made(question, stamp, make)
        except Unavailable:
            if (entry := self._entries.get(question)) is None:
                raise
            return entry.answer

    async def _made(self, question: Hashable, stamp: Hashable, make: Callable[[], Answer]) -> Answer:
        making = self._making.get((question, stamp))
        if making is None or making.get_loop() is not asyncio.get_running_loop():
            if len(self._making) >= MAX_WAITING:
                raise Unavailable("Too many prices are being looked up. Try again in a second.", retry_after_s=1)
            making = self._making[question, stamp] = asyncio.create_task(self._make(question, stamp, make))
            making.add_done_callback(lambda task: self._done((question, stamp), task))
        await asyncio.wait([making], timeout=WITHIN_S)
        if not making.done():
            raise Unavailable("These prices take longer to look up. Try again in a moment: the answer is being made.", retry_after_s=2)
        return making.result()

    async def _make(self, question: Hashable, stamp: Hashable, make: Callable[[], Answer]) -> Answer:
        answer = await snapshots.read(make, within_s=MADE_WITHIN_S, readers=_maker)
        self._keep(question, Entry(stamp, answer))
        return answer

    def _done(self, name: Hashable, task: "asyncio.Task[Answer]") -> None:
        self._making.pop(name, None)
        if not task.cancelled():
            task.exception()  # seen here, where nobody has waited for it

    def _keep(self, question: Hashable, entry: Entry[Answer]) -> None:
        self._drop(question)
        self._entries[question] = entry
        self._bytes += entry.answer.size
        while len(self._entries) > MAX_ANSWERS or self._bytes > MAX_BYTES:
            self._drop(next(iter(self._entries)))

    def _drop(self, question: Hashable) -> None:
        if entry := self._entries.pop(question, None):
            self._bytes -= entry.answer.size

    def forget(self) -> None:
        self._entries.clear()
        self._making.clear()
        self._bytes = 0
