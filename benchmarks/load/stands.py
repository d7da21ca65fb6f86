"""What is measured, each as the processes it consists of: nothing in between, nginx, and the gateway on either database.

What is measured has the first core for itself; clients, upstream and stores share the others, where the system can pin processes.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load.spent import Family
from benchmarks.programs import Program, free_ports, listens, python, web
from tests import stores

UNBOUNDED = {
    "CLOD_MODE": "embedded",
    "CLOD_ACCESS_LOG": "1",  # into a file
    "CLOD_SERVER_TIMING": "0",  # as in production
    "CLOD_ORGANIZATION_RPM": "1000000000",  # counted in Valkey, never reached
    "CLOD_ORGANIZATION_TPM": "1000000000000",
    "CLOD_MAX_CONNECTIONS_PER_ADDRESS": "4000",
}
NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream models {{ server 127.0.0.1:{upstream}; keepalive 1024; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000;
    location / {{ proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }}
}}"""


@dataclass
class Stand:
    """``measured`` is what the CPU time of is told, ``beside`` the stores it works on. ``variables`` are its settings, for its books;
    ``headers`` what it wants to be asked with beside the key."""

    name: str
    port: int
    path: str
    key: str = ""
    measured: Family | None = None
    beside: Family | None = None
    variables: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    is_peer: bool = False


def pinned(command: list[object], *, first: bool) -> list[object]:
    """On the first core, or on all others."""
    cores = os.cpu_count() or 1
    if cores < 2 or not shutil.which("taskset"):
        return command
    return ["taskset", "-c", "0" if first else f"1-{cores - 1}", *command]


def nginx_program() -> str | None:
    return shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]))


@contextmanager
def upstream(folder: Path) -> Iterator[int]:
    (port,) = free_ports(1)
    command = pinned([sys.executable, "-m", "benchmarks.load.upstream", port], first=False)
    with standing(Program("upstream", command, folder / "upstream.log", lambda _: listens(port))):
        yield port


@contextmanager
def direct(_: Path, upstream_port: int) -> Iterator[Stand]:
    yield Stand("direct", upstream_port, "/v1/chat/completions")


@contextmanager
def nginx(folder: Path, upstream_port: int) -> Iterator[Stand]:
    (port,) = free_ports(1)
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, upstream=upstream_port))
    command = pinned([nginx_program(), "-p", folder, "-e", folder / "nginx.log", "-c", folder / "nginx.conf"], first=True)
    program = Program("nginx", command, folder / "nginx.log", lambda _: listens(port), stop_signal=signal.SIGQUIT)
    with standing(program):
        yield Stand("nginx", port, "/v1/chat/completions", measured=Family(program))


@contextmanager
def gateway(
    folder: Path,
    upstream_port: int,
    *,
    database: str,
    drf: bool = False,
    more: Mapping[str, str] = UNBOUNDED,
    tree: Path | None = None,
) -> Iterator[Stand]:
    """One web process with everything on, as ``clod_site.serve`` starts it; the database flushes to disk, as in production.
    ``tree`` is another version's; it runs on the packages of its own virtual environment where it has one."""
    (folder / "var").mkdir()
    folder.chmod(0o711)  # PostgreSQL may run as somebody else
    with ExitStack() as stack:
        variables = (
            UNBOUNDED
            | dict(more)
            | {
                "CLOD_VAR": str(folder / "var"),
                "DATABASE_URL": "",
                "REDIS_URL": stack.enter_context(stores.valkey(folder / "valkey")),
            }
        )
        server = None
        if database == "PostgreSQL":
            server = _postgres(folder)
            stack.enter_context(standing(server))
            variables["DATABASE_URL"] = stores.postgres_address(folder / "postgres", "postgres")
        python(variables, "manage.py", "migrate", "--verbosity", "0", folder=tree)
        address = f"http://127.0.0.1:{upstream_port}/v1"
        key = json.loads(python(variables, "-m", "benchmarks.load.customer", "prepare", address, folder=tree))
        (port,) = free_ports(1)
        program = web(port, folder, variables)
        own = tree / ".venv/bin/python" if tree else None
        program.command, program.folder = pinned([own if own and own.exists() else sys.executable, *program.command[1:]], first=True), tree
        stack.enter_context(standing(program))
        name = f"CLōD, {database}" + (", DRF" if drf else "")
        path = "/api/v1/chat/completions" if drf else "/v1/chat/completions"
        yield Stand(name, port, path, key, Family(program), Family(server) if server else None, variables)


def _postgres(folder: Path) -> Program:
    command, user = stores.new_postgres(folder / "postgres", settings=())
    return Program(
        "database",
        pinned(command, first=False),
        folder / "postgres.log",
        lambda server: stores.postgres_answers(folder / "postgres") and "ready to accept connections" in server.said(),
        user=user,
        stop_signal=signal.SIGINT,
    )


@contextmanager
def standing(program: Program) -> Iterator[None]:
    program.start()
    try:
        program.wait_until_ready()
        yield
    finally:
        program.stop()
