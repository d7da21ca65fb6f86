"""The event loop that runs here, for what asks in every call.

Before Python 3.12 ``asyncio.get_running_loop`` asks the system each time whether this process is a fork of the one that began the
loop; a call that makes ten futures and timers has ten trips to the kernel for nothing.
"""

import asyncio
import threading


class _Here(threading.local):
    loop: asyncio.AbstractEventLoop | None = None


_here = _Here()


def running() -> asyncio.AbstractEventLoop:
    """That of this thread. RuntimeError where none runs."""
    loop = _here.loop
    if loop is None or not loop.is_running():
        loop = _here.loop = asyncio.get_running_loop()
    return loop
