"""A small server that webhooks are sent to. What it does is in the path."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

HUGE = b"x" * 50_000_000


class Got(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Receiver(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[Got] = []
        self.status = 200
        self.ended = threading.Event()

    def at(self, path: str = "/ok") -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"

    def handle_error(self, *_: Any) -> None:
        """Clients that leave early are what some tests are about."""


class Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.got.append(Got(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        {"/redirect": self._redirect, "/huge": self._huge, "/silent": self._silent, "/dies": self._die, "/evil": self._evil}.get(
            self.path, self._answer
        )()

    def do_GET(self) -> None:
        self.server.got.append(Got(f"GET {self.path}", {}, b""))
        self._answer()

    def _answer(self, text: bytes = b"thanks") -> None:
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.server.at("/elsewhere"))
        self.end_headers()

    def _huge(self) -> None:
        self._answer(HUGE)

    def _silent(self) -> None:
        self.server.ended.wait(10)

    def _die(self) -> None:
        self.close_connection = True

    def _evil(self) -> None:
        self._answer(b"<script>alert(1)</script>\0\x1b[31m")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def running() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.ended.set()
        receiver.shutdown()
        receiver.server_close()
        thread.join(5)
