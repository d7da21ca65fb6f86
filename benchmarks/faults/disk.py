"""No space left on the disk, under SQLite: a web process and a worker on a small file system in memory, which needs root."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.faults.room import Room
from benchmarks.programs import Program, web, worker
from tests import stores

SIZE_MB = 48
FULL_S = 6.0


@contextmanager
def room(folder: Path, port: int) -> Iterator[Room]:
    """PermissionError where file systems cannot be mounted."""
    place = folder / "small"
    place.mkdir()
    with ExitStack() as stack:
        stack.enter_context(_mounted(place))
        told = {"DATABASE_URL": "", "CLOD_VAR": str(place), "CLOD_MODE": "embedded", "CLOD_LOG_LEVEL": "WARNING"}
        told |= {"REDIS_URL": stack.enter_context(stores.valkey(folder / "valkey")), "CLOD_UPSTREAM_DEADLINE_S": "90"}
        programs = [web(port, folder, told), worker(folder, told)]
        made = Room(folder, told, [port], [port], port + 1, programs)
        made.prepare()
        _up(stack, programs)
        yield made


def disk_full(room: Room) -> str:
    filler = Path(room.variables["CLOD_VAR"]) / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 65_536):
                pass
        except OSError:
            pass
    time.sleep(FULL_S)
    filler.unlink()
    return f"not a byte free for {FULL_S:.0f} s, with SQLite"


def _up(stack: ExitStack, programs: list[Program]) -> None:
    for program in programs:
        stack.callback(program.stop)
        program.start()
    for program in programs:
        program.wait_until_ready()


@contextmanager
def _mounted(place: Path) -> Iterator[None]:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place)], capture_output=True, check=False)
    if mounted.returncode:
        raise PermissionError(mounted.stderr.decode().strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=False)
