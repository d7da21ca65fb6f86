"""A small mail server on this machine, and what arrived at it.

with mailbox() as box:
    running_site(var, EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(box.port), EMAIL_USE_TLS="0")
    box.newest_to("dora@example.org")
"""

import email
import re
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default

WAIT_S = 10
CODE = re.compile(r"^[A-Z]{4}-[A-Z]{4}$", re.MULTILINE)
LINK = re.compile(r"https?://\S+")


@dataclass
class Mailbox:
    port: int
    mails: list[Message] = field(default_factory=list)

    def newest_to(self, address: str, since: int = 0) -> str:
        """The text of the newest mail to that address; waits for one beyond the first ``since``."""
        deadline = time.monotonic() + WAIT_S
        while len(found := self.to(address)) <= since:
            assert time.monotonic() < deadline, f"no mail to {address}; there are {[mail['To'] for mail in self.mails]}"
            time.sleep(0.05)
        return found[-1]

    def to(self, address: str) -> list[str]:
        return [str(mail.get_payload(decode=True), "utf-8").replace("\r\n", "\n") for mail in self.mails if mail["To"] == address]

    def code_to(self, address: str, since: int = 0) -> str:
        found = CODE.search(self.newest_to(address, since))
        assert found, self.newest_to(address)
        return found[0]

    def link_to(self, address: str, since: int = 0) -> str:
        found = LINK.search(self.newest_to(address, since))
        assert found, self.newest_to(address)
        return found[0]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Conversation) as server:
        server.daemon_threads = True
        server.box = box = Mailbox(server.server_address[1])  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield box
        server.shutdown()


class _Conversation(socketserver.StreamRequestHandler):
    """SMTP, as far as Django speaks it."""

    def handle(self) -> None:
        self._say("220 mailbox")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                self._take()
            self._say("221 bye" if word == b"QUIT" else "250 ok")
            if word == b"QUIT":
                return

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.server.box.mails.append(email.message_from_bytes(b"".join(lines), policy=default))  # type: ignore[attr-defined]

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
