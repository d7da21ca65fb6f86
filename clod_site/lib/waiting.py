"""Waiting for something, and not for ever."""

import asyncio
from functools import partial
from typing import Any


async def done_within(future: "asyncio.Future[Any]", seconds: float) -> bool:
    """Whether ``future`` is done by then. It goes on in either case, and its result is for the caller to look at."""
    if future.done():
        return True
    loop = future.get_loop()
    waiter = loop.create_future()
    wake = partial(_wake, waiter)
    timer = loop.call_later(seconds, wake)
    future.add_done_callback(wake)
    try:
        await waiter
    finally:
        timer.cancel()
        if not future.done():
            future.remove_done_callback(wake)
    return future.done()


def _wake(waiter: "asyncio.Future[None]", _: object = None) -> None:
    if not waiter.done():
        waiter.set_result(None)
