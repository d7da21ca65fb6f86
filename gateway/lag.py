"""How late the event loop is: what it is asked to do a quarter of a second from now, it does then and a little later."""

import asyncio

from clod_site.lib.measures import FINE_SECONDS, Histogram

EVERY_S = 0.25

lag_seconds = Histogram("clod_event_loop_lag_seconds", "How late the event loop does what is due.", buckets=FINE_SECONDS)
_timer: asyncio.TimerHandle | None = None


def watch() -> None:
    """From now on, on the running loop."""
    loop = asyncio.get_running_loop()
    forget()
    _wait(loop)


def forget() -> None:
    global _timer
    if _timer:
        _timer.cancel()
    _timer = None


def _wait(loop: asyncio.AbstractEventLoop) -> None:
    global _timer
    due = loop.time() + EVERY_S
    _timer = loop.call_at(due, _look, loop, due)


def _look(loop: asyncio.AbstractEventLoop, due: float) -> None:
    lag_seconds.add(max(loop.time() - due, 0.0))
    _wait(loop)
