"""Do /healthz and /readyz answer while something is broken? Asked ten times a second, at every web process."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

EVERY_S = 0.1
PATIENCE_S = 5.0


@dataclass
class Watch:
    """Seconds of the slowest answer; ``statuses`` of /readyz; ``silent`` counts answers that did not come in five seconds."""

    slowest_s: dict[str, float] = field(default_factory=lambda: {"/healthz": 0.0, "/readyz": 0.0})
    statuses: set[int] = field(default_factory=set)
    silent: int = 0

    def ask(self, port: int, path: str) -> None:
        connection, began = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S), time.monotonic()
        try:
            connection.request("GET", path)
            status = connection.getresponse().status
            self.slowest_s[path] = max(self.slowest_s[path], time.monotonic() - began)
            if path == "/readyz":
                self.statuses.add(status)
        except TimeoutError:
            self.silent += 1
        except (OSError, http.client.HTTPException):
            pass  # the process itself is down
        finally:
            connection.close()


@contextmanager
def watching(ports: list[int]) -> Iterator[Watch]:
    watch, over = Watch(), threading.Event()

    def look(port: int) -> None:
        while not over.wait(EVERY_S):
            for path in watch.slowest_s:
                watch.ask(port, path)

    watchers = [threading.Thread(target=look, args=[port], daemon=True) for port in ports]
    for watcher in watchers:
        watcher.start()
    try:
        yield watch
    finally:
        over.set()
        for watcher in watchers:
            watcher.join(PATIENCE_S)
