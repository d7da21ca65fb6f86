"""A client without an HTTP library: it sends bytes as they are, and insists on well-formed answers."""

import json
import socket
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit


class Target(Protocol):
    """A gateway, in this process or in another, and a key that opens it."""

    @property
    def url(self) -> str: ...

    @property
    def key(self) -> str: ...


class Wire:
    """A client that sends bytes as they are, and reads whole answers. ``window`` bounds the bytes that wait for it to read them."""

    def __init__(self, target: Target, window: int | None = None) -> None:
        address = urlsplit(target.url)
        self.key = target.key
        self.socket = socket.socket()
        self.socket.settimeout(10)
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.connect((address.hostname, address.port))
        self.reader = self.socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def flood(self, data: bytes) -> None:
        """Send what may be refused half-way."""
        with suppress(OSError):
            self.socket.sendall(data)

    def head(self, method: bytes = b"POST", path: bytes = b"/v1/chat/completions", *lines: bytes) -> bytes:
        authorization = b"authorization: Bearer " + self.key.encode()
        return b"\r\n".join([method + b" " + path + b" HTTP/1.1", b"host: localhost", authorization, *lines, b"", b""])

    def post(self, body: bytes, *lines: bytes, path: bytes = b"/v1/chat/completions") -> None:
        self.send(self.head(b"POST", path, b"content-length: %d" % len(body), *lines) + body)

    def answer(self, *, has_body: bool = True) -> tuple[int, dict[str, str], bytes]:
        status = int(self.reader.readline().split()[1])
        headers = {}
        while (line := self.reader.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return status, headers, self._body(headers) if has_body else b""

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self.reader.read(int(headers["content-length"]))
        body = b""
        while size := int(self.reader.readline(), 16):
            body += self.reader.read(size)
            assert self.reader.readline() == b"\r\n"
        assert self.reader.readline() == b"\r\n"
        return body

    def refused(self) -> tuple[int, str]:
        """Status and code of an answer that must be an error in OpenAI's shape."""
        status, headers, body = self.answer()
        error = json.loads(body)["error"]
        assert headers["content-type"] == "application/json"
        assert headers["x-request-id"].startswith("req_")
        assert headers["x-content-type-options"] == "nosniff"
        assert set(error) >= {"message", "type", "param", "code"}
        assert status < 500, body
        return status, error["code"]

    def is_closed(self) -> bool:
        """Closed, after at most a line that says the bytes were no HTTP."""
        try:
            rest = self.reader.read()
        except ConnectionResetError:
            return True
        return rest == b"" or rest.startswith(b"HTTP/1.1 400 ")
