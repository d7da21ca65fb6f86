"""A mail server for a machine that has none: what is sent is kept as files, one a mail, and goes nowhere."""

import email
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from email.policy import default
from itertools import count
from pathlib import Path

LONGEST_MAIL_BYTES = 10 * 1024**2


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(("127.0.0.1", port), _Conversation)
        self._folder, self._numbers, self._lock = folder, count(len(list(folder.glob("*.eml"))) + 1), threading.Lock()

    def keep(self, mail: bytes) -> None:
        """Under a number that grows; it appears whole or not at all."""
        with self._lock:
            file = self._folder / f"{next(self._numbers):06}.eml"
        draft = file.with_suffix(".draft")
        draft.write_bytes(mail)
        draft.replace(file)


class _Conversation(socketserver.StreamRequestHandler):
    """SMTP, as far as Django speaks it."""

    server: Server

    def handle(self) -> None:
        self._say("220 stack")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                self.server.keep(self._mail())
            self._say("221 bye" if word == b"QUIT" else "250 ok")
            if word == b"QUIT":
                return

    def _mail(self) -> bytes:
        lines, size = [], 0
        while (line := self.rfile.readline()) not in {b".\r\n", b""} and size < LONGEST_MAIL_BYTES:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
            size += len(line)
        return b"".join(lines)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def serving(port: int, folder: Path) -> Iterator[None]:
    """Take mail on this port of loopback until the block ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Server(port, folder) as server:
        threading.Thread(target=server.serve_forever, name="mail", daemon=True).start()
        yield
        server.shutdown()


def kept(folder: Path) -> list[Message]:
    """Oldest first."""
    return [email.message_from_bytes(file.read_bytes(), policy=default) for file in sorted(folder.glob("*.eml"))]
