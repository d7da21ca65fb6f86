"""The site's web server, in the launcher's own process, and the one place where signals are heard."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import uvicorn
from django.conf import settings

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

    def _press(self, number: int, frame: FrameType | None) -> None:
        again, self._pressed = self._pressed, True
        if not again:
            _last_resort()
        if self.server is not None:
            self.server.force_exit = again
            self.server.should_exit = True
        elif not again:
            raise Stopped


def make(port: int) -> Server:
    config = uvicorn.Config(
        "clod_site.asgi:application",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=settings.CLOD_DRAIN_S,
    )
    return Server(config)


def _last_resort() -> None:
    """Whatever hangs, the process is gone in ten seconds; the model's process notices its closed pipe."""
    timer = threading.Timer(LAST_RESORT_S, os._exit, (1,))
    timer.daemon = True
    timer.start()
