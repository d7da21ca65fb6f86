"""The site's web server, in the launcher's own process, and the one place where signals are heard."""

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn

LAST_RESORT_S = 9
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal to stop arrived while the site was not yet being served."""


class Server(uvicorn.Server):
    """uvicorn without its own signal handlers: StopSwitch hears SIGHUP too, and hears all of them from the first second."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class StopSwitch:
    """Ctrl-C, SIGTERM and a closed terminal all end the site in order; a second one does not wait for open answers."""

    def __init__(self) -> None:
        self.server: Server | None = None
        self._pressed = False

    def install(self) -> None:
        for number in _SIGNALS:
            signal.signal(number, self._press)
        if sys.stdin.isatty():
            threading.Thread(target=when_closed, args=(sys.stdin.fileno(), _hang_up), name="terminal", daemon=True).start()

    def _press(self, number: int, frame: FrameType | None) -> None:
        again, self._pressed = self._pressed, True
        if not again:
            _last_resort()
        if self.server is not None:
            self.server.force_exit = again
            self.server.should_exit = True
        elif not again:
            raise Stopped


def when_closed(terminal: int, tell: Callable[[], None]) -> None:
    """Wait until a terminal is closed. Linux tells that to the session's leader alone, and when that is make it keeps it to itself."""
    hang_ups = select.poll()
    hang_ups.register(terminal, 0)
    while not any(event & (select.POLLHUP | select.POLLERR) for _, event in hang_ups.poll()):
        pass
    tell()


def _hang_up() -> None:
    os.kill(os.getpid(), signal.SIGHUP)


def make(port: int) -> Server:
    from clod_site import serve  # only now: it needs Django
    from clod_site.lib import log_lines

    log_lines.take_over()
    configured = serve.config(port=port, log_level="warning")
    serve.spare_the_collector(configured)
    return Server(configured)


def _last_resort() -> None:
    """Whatever hangs, the process is gone in ten seconds; the model's process notices its closed pipe."""
    timer = threading.Timer(LAST_RESORT_S, os._exit, (1,))
    timer.daemon = True
    timer.start()
