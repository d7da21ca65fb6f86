"""Which processes make a stack, in which order they start and stop, and what they are told.

    PORT      nginx (the first web process where there is none)
    PORT+1…   two web processes; then mail, Valkey

PostgreSQL listens on a socket in its folder. ``DATABASE_URL`` and ``REDIS_URL`` name servers to use instead.
"""

import os
import shlex
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.programs import Program, is_well, listens, web
from clod_site import secrets_file
from stack import nginx
from tests import stores

WEBS = 2
PORTS = 5
DRAIN_S = 10  # Ctrl-C should not take a minute; production's own default is 60
LONGEST_SOCKET = 90
CELERY = [sys.executable, "-m", "celery", "-A", "clod_site", "-q"]
WORKER = ["worker", "--loglevel", "WARNING"]
ASKED_WITHIN_S = 2


class Stack:
    """``folder`` keeps everything. ``told`` is added to, and wins over, what the product's processes are told."""

    def __init__(self, folder: Path, port: int, **told: str) -> None:
        self.folder, self.port = folder, port
        self.web_ports = [port + 1 + number for number in range(WEBS)]
        self.mail_port, self.redis_port = port + WEBS + 1, port + WEBS + 2
        self.mails, self.logs = folder / "mail", folder / "logs"
        for made in (folder, self.logs):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.proxy = nginx.program()
        self.stores = [*self._database(), *self._redis()]
        self.variables = self._variables() | told
        self.webs = [web(number, self.logs, self.variables) for number in self.web_ports]
        self.worker, self.beat = self._worker(), self._beat()
        self.servers = [*self.webs, *self._nginx()]
        self._write_environment()

    @property
    def programs(self) -> list[Program]:
        """In the order they start; they stop in the opposite one."""
        return [*self.stores, self.worker, self.beat, *self.servers]

    @property
    def address(self) -> str:
        return self.variables["CLOD_BASE_URL"]

    def tend(self) -> Iterable[str]:
        """Start again what has died, as a service manager would; the names of what had."""
        for program in self.programs:
            deaths = program.deaths
            program.tend()
            if program.deaths > deaths:
                yield program.kind

    def stop(self) -> None:
        """Everything that is ours. Web processes are told together, so that their last calls end at the same time."""
        for program in reversed(self.servers):
            program.tell_to_stop()
        for program in reversed(self.programs):
            program.stop()

    # --- what they are told ------------------------------------------------------------------------

    def _variables(self) -> dict[str, str]:
        secrets = secrets_file.load_or_create(self.folder / "secrets.json")
        front = self.port if self.proxy else self.web_ports[0]
        return secrets | {
            "CLOD_MODE": "production",
            "CLOD_VAR": str(self.folder),
            "CLOD_BASE_URL": f"http://127.0.0.1:{front}",
            "CLOD_BEHIND_PROXY": "1" if self.proxy else "",
            "CLOD_TRUSTED_PROXIES": "127.0.0.1" if self.proxy else "",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.mail_port),
            "EMAIL_USE_TLS": "0",
            "CLOD_ENERGY_FEED": "demo",
            "CLOD_DRAIN_S": str(DRAIN_S),
        }

    def _write_environment(self) -> None:
        """For the shell of whoever wants to run manage.py beside it."""
        lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(self.variables.items())]
        file = self.folder / "environment"
        file.touch(mode=0o600)
        file.write_text("\n".join([*lines, ""]))

    # --- the programs ------------------------------------------------------------------------------

    def _database(self) -> list[Program]:
        if given := os.environ.get("DATABASE_URL"):
            self.database_url = given
            return []
        place = _place_of_postgres(self.folder)
        command, user = stores.kept_postgres(place)
        self.database_url = stores.postgres_address(place, "postgres")
        log = self.logs / "postgres.log"
        return [Program("PostgreSQL", command, log, lambda server: _serves(server, place), user=user, stop_signal=signal.SIGINT)]

    def _redis(self) -> list[Program]:
        if given := os.environ.get("REDIS_URL"):
            self.redis_url = given
            return []
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        command, log = stores.valkey_command(self.redis_port), self.logs / "valkey.log"
        return [Program("Valkey", command, log, lambda _: bool(asked(self.redis_url, "PING")))]

    def _worker(self) -> Program:
        command, log = [*CELERY, *WORKER], self.logs / "worker.log"
        return Program("worker", command, log, lambda _: b"cmd=brpop" in asked(self.redis_url, "CLIENT LIST"), self.variables)

    def _beat(self) -> Program:
        """One only. It writes down when it last did what: in a container that is a place that may be written."""
        schedule = self.folder / "beat" / "schedule"
        schedule.parent.mkdir(exist_ok=True)
        command = [*CELERY, "beat", "--schedule", schedule, "--pidfile", ""]
        return Program("beat", command, self.logs / "beat.log", lambda _: any(schedule.parent.iterdir()), self.variables)

    def _nginx(self) -> list[Program]:
        if not self.proxy:
            return []
        command = nginx.configured(self.folder / "nginx", self.port, self.web_ports)
        return [Program("nginx", command, self.logs / "nginx.log", lambda _: is_well(self.port), stop_signal=signal.SIGQUIT)]


def _serves(server: Program, place: Path) -> bool:
    return stores.postgres_answers(place) and "ready to accept connections" in server.said()


def _place_of_postgres(folder: Path) -> Path:
    """``postgres`` in the folder: a link where its user cannot reach the folder (root's own), or no socket's path may be so long."""
    place = folder / "postgres"
    if place.is_symlink() and not place.exists():
        place.unlink()  # somebody tidied up
    reachable = os.geteuid() != 0 or stores.reachable_by_all(folder)
    if not place.exists() and (not reachable or len(str(place)) > LONGEST_SOCKET):
        elsewhere = Path(tempfile.mkdtemp(prefix="clod-stack-", dir="/var/tmp"))
        elsewhere.chmod(0o711)
        place.symlink_to(elsewhere / "postgres")
    return place.resolve()


def asked(redis_url: str, command: str) -> bytes:
    """What Redis answers; nothing while it is away."""
    parts = urlsplit(redis_url)
    with suppress(OSError), socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), ASKED_WITHIN_S) as line:
        password = f"AUTH {parts.password}\r\n" if parts.password else ""
        line.sendall(f"{password}{command}\r\nQUIT\r\n".encode())
        return b"".join(iter(lambda: line.recv(65_536), b""))
    return b""


def taken(port: int) -> list[int]:
    """Which of a stack's ports somebody listens on."""
    return [number for number in range(port, port + PORTS) if listens(number)]


def forget(folder: Path) -> None:
    """Remove a stack that has ended, also what of it lies elsewhere."""
    place = folder / "postgres"
    if place.is_symlink():
        shutil.rmtree(place.resolve().parent, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
