"""One database under fire: its processes, its traffic, its trouble, its verdict."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.books import Verdict
from benchmarks.programs import SITE, Program, free_ports, listens, python, tell_kills, web, worker
from tests import stores

UPSTREAM_DEADLINE_S = 15
TRAFFIC_ENDS_S = 60
HURRIED_S, PATIENT_S = (0.2, 1.6), (7.0, 10.0)  # between kills: first many, then some that find streams of many seconds
POWER_CUT = 0.12  # how often everything goes at once
LOSSY_SERVER = ("wal_writer_delay=2s",)


@dataclass
class Result:
    database: str
    kills: Counter[str]
    deaths: int
    verdict: Verdict


def on_sqlite(folder: Path, seconds: float) -> Result:
    """One web process and a worker on one file."""
    return _try("SQLite", folder, {"DATABASE_URL": ""}, [], 1, seconds)


def on_postgres(folder: Path, seconds: float, *, lossy: bool = False) -> Result:
    """Two web processes and a worker; the server itself is killed, too. It flushes to disk, as in production."""
    command, user = stores.new_postgres(folder / "postgres", settings=LOSSY_SERVER if lossy else ())
    server = Program(
        "database",
        command,
        folder / "postgres.log",
        lambda server: stores.postgres_answers(folder / "postgres") and "ready to accept connections" in server.said(),
        user=user,
        stop_signal=signal.SIGINT,
    )
    variables = {"DATABASE_URL": stores.postgres_address(folder / "postgres", "postgres")}
    return _try("PostgreSQL", folder, variables, [server], 2, seconds, "benchmarks.chaos.lossy" if lossy else SITE)


def _try(
    database: str,
    folder: Path,
    variables: dict[str, str],
    servers: list[Program],
    webs: int,
    seconds: float,
    site: str = SITE,
) -> Result:
    with ExitStack() as stack:
        variables |= {"REDIS_URL": stack.enter_context(stores.valkey(folder / "valkey")), "CLOD_VAR": str(folder / "var")}
        variables |= {"CLOD_UPSTREAM_DEADLINE_S": str(UPSTREAM_DEADLINE_S), "CLOD_LOG_LEVEL": "WARNING", "CLOD_MODE": "embedded"}
        upstream_port, *web_ports = free_ports(1 + webs)
        _start(stack, *servers, _upstream(upstream_port, folder))
        python(variables, "manage.py", "migrate", "--verbosity", "0")
        key = json.loads(python(variables, "-m", "benchmarks.chaos.books", "prepare", f"http://127.0.0.1:{upstream_port}/v1"))
        crew = [*servers, *(web(port, folder, variables, site) for port in web_ports), worker(folder, variables)]
        _start(stack, *crew[len(servers) :])
        with _traffic({"ports": web_ports, "key": key, "notes": str(folder / "notes")}):
            _trouble(crew, seconds, HURRIED_S)
            _trouble(crew, seconds, PATIENT_S)
            for program in crew:
                program.wait_until_ready()
        for program in crew[len(servers) :]:
            program.stop()
        tell_kills(folder / "kills", crew)
        verdict = Verdict(**json.loads(python(variables, "-m", "benchmarks.chaos.books", "verdict", str(folder))))
    kills: Counter[str] = Counter()
    for program in crew:
        kills[program.kind] += len(program.killed_at)
    return Result(database, kills, sum(program.deaths for program in crew), verdict)


def _start(stack: ExitStack, *programs: Program) -> None:
    for program in programs:
        stack.callback(program.stop)
        program.start()
    for program in programs:
        program.wait_until_ready()


def _trouble(crew: list[Program], seconds: float, pause_s: tuple[float, float]) -> None:
    """Now and then one process that works, or all of them at once, are killed and started again at once."""
    dice, deadline = random.Random(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(dice.uniform(*pause_s))
        for program in crew:
            program.tend()
        working = [program for program in crew if program.is_ready(program)]
        victims = working if dice.random() < POWER_CUT else working and [dice.choice(working)]
        for program in victims:
            program.kill()
        for program in victims:
            program.start()


@contextmanager
def _traffic(orders: dict[str, object]) -> Iterator[None]:
    """Clients call while the block runs, and have ended when it is left."""
    command = [sys.executable, "-m", "benchmarks.chaos.traffic"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as clients:
        assert clients.stdin
        clients.stdin.write(json.dumps(orders) + "\n")
        clients.stdin.flush()
        try:
            yield
            clients.stdin.close()
            clients.wait(TRAFFIC_ENDS_S)
        finally:
            clients.kill()


# --- the programs ------------------------------------------------------------------------------


def _upstream(port: int, folder: Path) -> Program:
    command = [sys.executable, "-m", "benchmarks.chaos.upstream", port, folder / "journal"]
    return Program("upstream", command, folder / "upstream.log", lambda _: listens(port))
