"""The event loop that runs here, for what asks in every call; and what belongs to one loop.

Before Python 3.12 ``asyncio.get_running_loop`` asks the system each time whether this process is a fork of the one that began the
loop; a call that makes ten futures and timers has ten trips to the kernel for nothing.
"""

import asyncio
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class _Here(threading.local):
    loop: asyncio.AbstractEventLoop | None = None


_here = _Here()


def running() -> asyncio.AbstractEventLoop:
    """That of this thread. RuntimeError where none runs."""
    loop = _here.loop
    if loop is None or not loop.is_running():
        loop = _here.loop = asyncio.get_running_loop()
    return loop


class OneEach(Generic[Thing]):
    """One of something for each event loop, made where it is first asked for. A process has one loop, a test run many."""

    def __init__(self, make: Callable[[], Thing]) -> None:
        self._make = make
        self._of: dict[asyncio.AbstractEventLoop, Thing] = {}

    def here(self) -> Thing:
        """That of the loop that runs here."""
        loop = running()
        found = self._of.get(loop)
        if found is None:
            found = self._of[loop] = self._make()
        return found

    def taken_away(self) -> Thing | None:
        """That of the loop that runs here, if there is one: for whoever closes it. The next who asks gets a new one."""
        return self._of.pop(running(), None)
