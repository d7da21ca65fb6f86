"""Frames between a writer and a reader who is faster, slower, silent or gone."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway import outbox
from gateway.outbox import Outbox
from gateway.wire.response import HEARTBEAT


class Reader:
    """Notes what it is told; takes nothing while it ``is_slow``."""

    def __init__(self) -> None:
        self.is_slow = False
        self.told: list[tuple[bytes, bool]] = []

    def may_write(self) -> bool:
        return not self.is_slow

    def write(self, frames: bytes, *, is_last: bool) -> None:
        self.told.append((frames, is_last))


def _run(work: Callable[[Outbox, Reader], Coroutine[Any, Any, None]]) -> list[tuple[bytes, bool]]:
    async def run() -> Reader:
        box, reader = Outbox(), Reader()
        async with asyncio.timeout(5):
            await work(box, reader)
        return reader

    return asyncio.run(run()).told


async def _held_up(box: Outbox, reader: Reader) -> "asyncio.Task[None]":
    """A writer that waits behind four bytes, which a slow reader does not take."""
    box.pour_into(reader)
    reader.is_slow = True
    box.append(b"four")

    async def write_more() -> None:
        await box.room()
        box.append(b"more")

    return asyncio.create_task(write_more())


def test_frames_of_one_turn_are_one_write_and_the_end_is_told_with_the_last() -> None:
    async def work(box: Outbox, reader: Reader) -> None:
        box.append(b"before ")
        box.pour_into(reader)
        box.append(b"a")
        box.append(b"b")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        box.append(b"c")
        box.close()
        await box.over()

    assert _run(work) == [(b"before ", False), (b"ab", False), (b"c", True)]


def test_an_end_without_frames_is_told() -> None:
    async def work(box: Outbox, reader: Reader) -> None:
        box.pour_into(reader)
        box.close()
        await box.over()

    assert _run(work) == [(b"", True)]


def test_a_slow_reader_gets_the_rest_when_it_can_and_the_writer_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FULL_BYTES", 4)

    async def work(box: Outbox, reader: Reader) -> None:
        writing = await _held_up(box, reader)
        await asyncio.sleep(0.02)
        assert not writing.done()
        assert reader.told == []
        reader.is_slow = False
        box.flush()
        await writing
        box.close()
        await box.over()

    assert _run(work) == [(b"four", False), (b"more", False), (b"", True)]


def test_after_a_silence_the_client_hears_that_somebody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "HEARTBEAT_S", 0.05)

    async def work(box: Outbox, reader: Reader) -> None:
        box.pour_into(reader)
        await asyncio.sleep(0.13)
        reader.is_slow = True
        box.append(b"waits")
        await asyncio.sleep(0.2)
        reader.is_slow = False
        box.close()
        await box.over()

    *beats, last = _run(work)
    assert beats
    assert set(beats) == {(HEARTBEAT, False)}
    assert last == (b"waits", True)


def test_whoever_asks_for_what_is_next_hears_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "HEARTBEAT_S", 0.05)

    async def work(box: Outbox, _: Reader) -> None:
        assert await box.next() == HEARTBEAT
        box.append(b"a")
        box.append(b"b")
        assert await box.next() == b"ab"
        box.close()
        assert await box.next() is None

    _run(work)


def test_what_is_written_for_nobody_is_dropped_and_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "FULL_BYTES", 4)

    async def work(box: Outbox, reader: Reader) -> None:
        writing = await _held_up(box, reader)
        await asyncio.sleep(0)
        box.abandon()
        await writing
        for _ in range(100):
            await box.room()
            box.append(b"more and more")
        reader.is_slow = False
        box.close()
        await box.over()

    assert _run(work) == [(b"", True)]
