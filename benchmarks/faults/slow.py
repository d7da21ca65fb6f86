"""Clients that begin a request and never finish its headers: five hundred at nginx, and five hundred at a web process behind its back."""

import selectors
import socket
import time
from contextlib import suppress

from benchmarks.faults.room import Room

CLIENTS = 500
LIMIT_S = 40.0
HALF = b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
MORE_EVERY_S = 2.0


def half_sent_headers(room: Room) -> str:
    """Each sends a letter now and then, as if it were alive, until it is closed."""
    closed = {port: _closed_after(port) for port in (room.ports[0], room.webs[0])}
    nginx, web = (f"{len(times)} closed, the last after {max(times, default=0):.0f} s" for times in closed.values())
    return f"{CLIENTS} at nginx ({nginx}), then {CLIENTS} at one web process ({web})"


def _closed_after(port: int) -> list[float]:
    """Seconds after which each of them was closed."""
    began, times = time.monotonic(), list[float]()
    with selectors.DefaultSelector() as selector:
        for _ in range(CLIENTS):
            line = socket.create_connection(("127.0.0.1", port), timeout=5)
            line.sendall(HALF)
            selector.register(line, selectors.EVENT_READ)
        more_at = time.monotonic() + MORE_EVERY_S
        while selector.get_map() and time.monotonic() < began + LIMIT_S:
            for key, _ in selector.select(0.2):
                if not _hears(key.fileobj):
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                    times.append(time.monotonic() - began)
            if time.monotonic() > more_at:
                more_at += MORE_EVERY_S
                for key in list(selector.get_map().values()):
                    _sends(key.fileobj)
        for key in list(selector.get_map().values()):
            key.fileobj.close()
    return times


def _hears(line: socket.socket) -> bool:
    """Whether it is still open; a refusal is read to its end."""
    try:
        return bool(line.recv(4096))
    except OSError:
        return False


def _sends(line: socket.socket) -> None:
    with suppress(OSError):
        line.sendall(b"a")
