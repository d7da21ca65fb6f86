"""``make upgrade-trial``: an upgrade without downtime, tried: ``python -m stack.upgrade [REVISION]``.

The version before (REVISION; else the one before the newest migration) serves a stack of its own making. This version migrates the database
under it, then one process after the other is replaced, while clients call through the proxy, and people sign up and a key spends through
both versions. Afterwards nothing may be missing. Prints a line a fact; exits 1 when one is not as it should be.

Listens on PORT (8250) and the nine after it. The older version runs on this version's packages.
"""

import json
import shutil
import signal
import sys
import time
from pathlib import Path

import httpx2

from benchmarks import versions
from benchmarks.faults import report
from benchmarks.faults.__main__ import stack_room
from benchmarks.faults.room import Room
from benchmarks.programs import python
from benchmarks.versions import ROOT
from stack import mail, topology
from tests import stores
from tests.acceptance.conftest import Stack as Reached
from tests.acceptance.conftest import sign_up

BOTH_S = 8.0
CALLS = 20


def main(words: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    revision = words[0] if words else _before_the_newest_migration()
    folder = stores.temporary_folder()
    try:
        with versions.checked_out(revision) as older:
            return Trial(older, revision, folder).run()
    finally:
        topology.forget(folder / "stack")
        shutil.rmtree(folder, ignore_errors=True)


class Trial:
    def __init__(self, older: Path, revision: str, folder: Path) -> None:
        self.older, self.revision, self.folder = older, revision, folder
        self.facts: list[str] = []

    def run(self) -> int:
        told = {"CLOD_DRAIN_S": "15", "CLOD_UPSTREAM_DEADLINE_S": "30"}
        mails = self.folder / "stack" / "mail"
        with stack_room(self.folder / "stack", told, self._begin) as room, mail.serving(int(room.variables["EMAIL_PORT"]), mails):
            outcome = room.suffer("upgrade", self._upgrade)
            self._say(f"{outcome.ended('answered'):,} of {len(outcome.notes):,} calls answered in full meanwhile")
            self._say(f"refused: {dict(outcome.refused)}, cut off: {outcome.ended('cut')}, left: {outcome.ended('left')}")
            self._say(f"longest time without an answer: {outcome.longest_gap_s:.1f} s")
            wrong = report.lost(outcome)
            for fact in wrong:
                self._say(fact)
            self._say(python(room.variables, "manage.py", "ledger_check"))
        return bool(wrong)

    # --- before: everything is the older version's ----------------------------------------------------

    def _begin(self, room: Room) -> None:
        python(room.variables, "manage.py", "migrate", "--verbosity", "0", folder=self.older)
        address = f"http://127.0.0.1:{room.upstream_port}/v1"
        room.key = json.loads(python(room.variables, "-m", "benchmarks.chaos.books", "prepare", address, folder=self.older))
        old = room.variables | {"CLOD_VAR": str(self._static_of(room, self.older, "older"))}
        self._static_of(room, ROOT, "newer")
        for program in room.ours:
            program.folder, program.variables = self.older, old

    def _static_of(self, room: Room, tree: Path, name: str) -> Path:
        """Each version names its static files itself, so each has a folder of its own, as each image has."""
        var = self.folder / "stack" / name
        var.mkdir()
        words = "import django; django.setup(); from clod_site.embedded import assets; assets.collect()"
        told = room.variables | {"CLOD_VAR": str(var), "DJANGO_SETTINGS_MODULE": "clod_site.settings"}
        python(told, "-c", words, folder=tree)
        return var

    # --- the upgrade, as docs/running.md has it -------------------------------------------------------

    def _upgrade(self, room: Room) -> str:
        self._visit(room, "before")
        began = time.monotonic()
        python(room.variables, "manage.py", "migrate", "--verbosity", "0")
        self._say(f"migrated under the running older version in {time.monotonic() - began:.1f} s")
        self._visit(room, "older version on the migrated database")
        beat, worker, first, second = room.ours
        new = {"folder": ROOT, "variables": room.variables | {"CLOD_VAR": str(self.folder / "stack" / "newer")}}
        room.replace(beat, worker, first, **new)
        self._visit(room, "one web process of each version")
        time.sleep(BOTH_S)
        room.replace(second, **new)
        self._visit(room, "newer version alone")
        return f"from {self.revision[:12]} to this version, one process after the other"

    # --- what people do meanwhile ---------------------------------------------------------------------

    def _visit(self, room: Room, when: str) -> None:
        """Somebody signs up at each web process, and the key spends through each."""
        for port in room.webs:
            at = f"http://127.0.0.1:{port}"
            reached = Reached(at, room.key, [], False, self.folder / "stack" / "mail", self.folder / "stack" / "environment")
            visitor = sign_up(reached)
            visitor.http.close()
            statuses = {_call(at, room).status_code for _ in range(CALLS)}
            assert statuses == {200}, (when, port, statuses)
        self._say(f"{when}: a sign-up and {CALLS} calls at each web process")

    def _say(self, fact: str) -> None:
        self.facts.append(fact)
        print(fact, flush=True)


def _call(at: str, room: Room) -> httpx2.Response:
    body = {"model": "steady", "messages": [{"role": "user", "content": "Hello?" * 200}], "max_completion_tokens": room.number()}
    headers = {"authorization": f"Bearer {room.key}"}
    return httpx2.post(f"{at}/v1/chat/completions", json=body, headers=headers, timeout=30)


def _before_the_newest_migration() -> str:
    newest = versions.git("log", "-1", "--format=%H", "--diff-filter=A", "--", "*/migrations/0*.py")
    return versions.git("rev-parse", f"{newest}~1")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
