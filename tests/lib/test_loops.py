"""The running event loop, remembered: always the one that runs here, whatever ran before or runs elsewhere."""

import asyncio
import threading

import pytest
import uvloop

from clod_site.lib import loops


async def _here() -> bool:
    return loops.running() is asyncio.get_running_loop()


@pytest.mark.parametrize("runs", [asyncio.run, uvloop.run])
def test_it_is_the_one_that_runs(runs) -> None:  # type: ignore[no-untyped-def]
    assert runs(_here())
    assert runs(_here()), "a loop that has ended is not given to the next one's tasks"


def test_there_is_none_outside_of_one() -> None:
    asyncio.run(_here())

    with pytest.raises(RuntimeError):
        loops.running()


def test_each_thread_has_its_own() -> None:
    async def beside() -> bool:
        elsewhere: list[bool] = []
        thread = threading.Thread(target=lambda: elsewhere.append(uvloop.run(_here())))
        thread.start()
        thread.join()
        return elsewhere == [True] and await _here()

    assert asyncio.run(beside())


def test_there_is_one_of_a_thing_for_each_loop_until_it_is_taken_away() -> None:
    things = loops.OneEach(object)

    async def twice() -> tuple[object, object]:
        return things.here(), things.here()

    async def taken_and_asked_for() -> None:
        one = things.here()

        assert things.taken_away() is one
        assert things.taken_away() is None
        assert things.here() is not one

    first, again = uvloop.run(twice())
    other, _ = uvloop.run(twice())
    assert first is again
    assert other is not first
    uvloop.run(taken_and_asked_for())
