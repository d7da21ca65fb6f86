"""A place to break things in: a site, its customer, traffic while something happens to it, and the verdict afterwards."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from benchmarks.chaos.books import FIRST_CALL, Verdict
from benchmarks.faults.watch import Watch, watching
from benchmarks.programs import Program, listens, python, tell_kills

BEFORE_S, AFTER_S = 4.0, 5.0
TRAFFIC_ENDS_S = 100
SETTLED_S = 3.0
REPLACED_S = 75
CALLS_A_FAULT = 50_000

Deed = Callable[["Room"], str]


@dataclass
class Outcome:
    """``told`` is the fault's own sentence; times in seconds."""

    fault: str
    told: str
    notes: list[dict[str, Any]]
    watch: Watch
    verdict: Verdict
    deaths: int

    @property
    def refused(self) -> Counter[str]:
        told = [note for note in self.notes if note["end"] == "told"]
        return Counter("error event" if note["status"] == 200 else str(note["status"]) for note in told)

    def ended(self, how: str) -> int:
        return sum(note["end"] == how for note in self.notes)

    @property
    def slowest_refusal_s(self) -> float:
        """Of those that say the service is not available."""
        return max((note["first_s"] or 0 for note in self.notes if note["status"] == 503), default=0.0)

    @property
    def slowest_beginning_s(self) -> float:
        """Until the status of a call that was answered in full; without those whose model takes its time."""
        return max((note["first_s"] or 0 for note in self.notes if note["end"] == "answered" and note["model"] == "steady"), default=0.0)

    @property
    def longest_gap_s(self) -> float:
        """During which no call of anybody came to its end."""
        ends = sorted(note["at"] + note["took_s"] for note in self.notes if note["end"] == "answered")
        return max((later - earlier for earlier, later in pairwise(ends)), default=0.0)


@dataclass
class Room:
    """``ports`` is where clients call, ``webs`` where health is asked for. ``parts`` are its programs by kind."""

    folder: Path
    variables: dict[str, str]
    ports: list[int]
    webs: list[int]
    upstream_port: int
    programs: list[Program]
    key: str = ""
    redis_url: str = ""
    notes: Path = Path()
    swept: int = 0
    _faults: Any = field(default_factory=lambda: count(1))
    _extras: Any = field(default_factory=lambda: count(1))

    def part(self, kind: str) -> Program:
        return next(program for program in self.programs if program.kind == kind)

    def prepare(self) -> None:
        python(self.variables, "manage.py", "migrate", "--verbosity", "0")
        address = f"http://127.0.0.1:{self.upstream_port}/v1"
        self.key = json.loads(python(self.variables, "-m", "benchmarks.chaos.books", "prepare", address))

    def suffer(self, fault: str, deed: Deed) -> Outcome:
        """Traffic; after some seconds the deed; some seconds later the traffic ends and everything is compared."""
        place, number = self.folder / fault, next(self._faults)
        place.mkdir(mode=0o711)
        self.notes = place / "notes"
        deaths = sum(program.deaths for program in self.programs)
        first = FIRST_CALL + number * CALLS_A_FAULT
        orders = {"ports": self.ports, "key": self.key, "notes": str(self.notes), "first": first}
        with ExitStack() as stack:
            upstream = self._upstream(place)
            stack.callback(upstream.stop)
            upstream.start()
            upstream.wait_until_ready()
            watch = stack.enter_context(watching(self.webs))
            told = self._under_traffic(orders, deed)
            for program in self.programs:
                program.tend()
                program.wait_until_ready()
            time.sleep(SETTLED_S)
        tell_kills(place / "kills", self.programs)
        verdict = Verdict(**json.loads(python(self.variables, "-m", "benchmarks.chaos.books", "verdict", str(place))))
        verdict.swept, self.swept = verdict.swept - self.swept, verdict.swept
        notes = [json.loads(line) for line in self.notes.read_text().splitlines()]
        return Outcome(fault, told, notes, watch, verdict, sum(program.deaths for program in self.programs) - deaths)

    @property
    def ours(self) -> list[Program]:
        """In the order in which an upgrade replaces them."""
        return [program for kind in ("beat", "worker", "web") for program in self.programs if program.kind == kind]

    def replace(self, *programs: Program, variables: dict[str, str], folder: Path | None = None) -> None:
        """Told to stop, waited for, and started again: with other variables, or from another version's ``folder``."""
        for program in programs:
            program.stop(REPLACED_S)
            program.variables, program.folder = variables, folder
            program.start()
        for program in programs:
            program.wait_until_ready()

    def number(self) -> int:
        """One that no client of the traffic has: they count upwards from the beginning of a fault's numbers."""
        return FIRST_CALL + 900_000 + next(self._extras)

    def _under_traffic(self, orders: dict[str, Any], deed: Deed) -> str:
        command = [sys.executable, "-m", "benchmarks.chaos.traffic"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as clients:
            assert clients.stdin
            clients.stdin.write(json.dumps(orders) + "\n")
            clients.stdin.flush()
            try:
                time.sleep(BEFORE_S)
                told = deed(self)
                time.sleep(AFTER_S)
                clients.stdin.close()
                clients.wait(TRAFFIC_ENDS_S)
            finally:
                clients.kill()
        return told

    def _upstream(self, place: Path) -> Program:
        command = [sys.executable, "-m", "benchmarks.chaos.upstream", self.upstream_port, place / "journal"]
        return Program("upstream", command, place / "upstream.log", lambda _: listens(self.upstream_port))
