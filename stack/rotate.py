"""``make rotate-drill``: the three secrets are rotated as docs/running.md says, process by process, while clients call.

Before: an API key, a saved provider key, somebody who is logged in. After: all of them go on, the old secrets are gone, and what
depended on them alone is refused. Prints a line a fact; exits 1 when one is not as it should be.
"""

import secrets
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx2

from benchmarks.faults import report
from benchmarks.faults.__main__ import stack_room
from benchmarks.faults.room import Room
from benchmarks.programs import python
from clod_site import secrets_file
from stack import mail, topology
from stack.restore import ask
from tests import stores
from tests.acceptance.conftest import Stack as Reached
from tests.acceptance.conftest import Visitor, sign_up

SECRET = "sk-a-provider-key-that-was-saved-in-the-admin"
TOLD = {"CLOD_DRAIN_S": "15", "CLOD_UPSTREAM_DEADLINE_S": "30"}


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = stores.temporary_folder()
    try:
        return Drill(folder).run()
    finally:
        topology.forget(folder / "stack")
        shutil.rmtree(folder, ignore_errors=True)


class Drill:
    def __init__(self, folder: Path) -> None:
        self.folder, self.is_right = folder / "stack", True

    def run(self) -> int:
        with stack_room(self.folder, TOLD, _prepare) as room, mail.serving(int(room.variables["EMAIL_PORT"]), self.folder / "mail"):
            self.old = {name: room.variables[name] for name in secrets_file.NAMES}
            self.new = {name: secrets.token_urlsafe(48) for name in secrets_file.NAMES}
            ask(room, "provider", SECRET)
            self.visitors = [sign_up(self._reached(room, port)) for port in room.webs]
            outcome = room.suffer("rotation", self._rotate)
            self._hold("no call was refused for it, and the books are clean", not report.lost(outcome))
            for fact in report.lost(outcome):
                print(fact)
            self._without_the_old(room)
            for visitor in self.visitors:
                visitor.http.close()
        return not self.is_right

    def _rotate(self, room: Room) -> str:
        """Under traffic. Two lists at a time: each process can read what the other writes."""
        self._tell(room, "new ones read", lambda name: f"{self.old[name]},{self.new[name]}")
        self._tell(room, "new ones write", lambda name: f"{self.new[name]},{self.old[name]}")
        self.young = str(ask(room, "key")["key"])
        self._hold("a provider's key from before opens", ask(room, "facts", SECRET)["provider"] == "opens")
        ask(room, "provider", SECRET)
        return "three secrets rotated"

    def _without_the_old(self, room: Room) -> None:
        self._tell(room, "old ones gone", lambda name: self.new[name])
        for at in map(_address, room.webs):
            self._hold("a key made under the new pepper goes on", _status(at, self.young) == 200)
            self._hold("a key made under the old pepper is refused", _status(at, room.key) == 401)
        self._hold("the provider's key that was saved again opens", ask(room, "facts", SECRET)["provider"] == "opens")

    def _tell(self, room: Room, what: str, value: Callable[[str], str]) -> None:
        """Each process in turn; in between, processes with the old list and with the new one serve together."""
        room.variables |= {name: value(name) for name in secrets_file.NAMES}
        for program in room.ours:
            room.replace(program, variables=room.variables)
            is_in = all(_is_logged_in(visitor) for visitor in self.visitors)
            self._hold(f"{what}, at {program.kind}: who was logged in still is", is_in)

    def _hold(self, what: str, holds: bool) -> None:
        self.is_right &= holds
        print(f"{'ok  ' if holds else 'FAIL'}  {what}", flush=True)

    def _reached(self, room: Room, port: int) -> Reached:
        return Reached(_address(port), room.key, [], False, self.folder / "mail", self.folder / "environment")


def _prepare(room: Room) -> None:
    room.prepare()
    python(room.variables, "manage.py", "collect_assets")


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _is_logged_in(visitor: Visitor) -> bool:
    return visitor.get("/projects").url.path == "/projects"


def _status(at: str, key: str) -> int:
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.get(f"{at}/v1/key", headers=headers).status_code


if __name__ == "__main__":
    sys.exit(main())
