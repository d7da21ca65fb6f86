"""The faults of the stack's parts. Each does its deed while clients call, puts the part back, and says in a sentence what it did."""

import time

from benchmarks.faults.room import Room
from stack.topology import asked

AWAY_S = 6.0
TIMES = 3


def nothing(_: Room) -> str:
    time.sleep(AWAY_S)
    return "nothing at all, for comparison"


def redis_stopped(room: Room) -> str:
    _away(room, "Valkey")
    return f"stopped for {AWAY_S:.0f} s"


def redis_flushed(room: Room) -> str:
    for _ in range(TIMES):
        asked(room.redis_url, "FLUSHALL")
        time.sleep(AWAY_S / TIMES)
    return f"FLUSHALL, {TIMES} times"


def redis_restarted(room: Room) -> str:
    for _ in range(TIMES):
        _killed(room, "Valkey")
        time.sleep(AWAY_S / TIMES)
    return f"kill -9 and started at once, {TIMES} times"


def postgres_killed(room: Room) -> str:
    _killed(room, "PostgreSQL")
    time.sleep(AWAY_S)
    return "kill -9 and started at once"


def postgres_away(room: Room) -> str:
    _away(room, "PostgreSQL")
    return f"stopped for {AWAY_S:.0f} s"


def jobs_killed(room: Room) -> str:
    for kind in ("worker", "beat"):
        room.part(kind).kill()
    time.sleep(AWAY_S)
    for kind in ("worker", "beat"):
        room.part(kind).start()
    return f"kill -9 of both, back after {AWAY_S:.0f} s"


def web_killed(room: Room) -> str:
    _killed(room, "web")
    time.sleep(AWAY_S)
    return "kill -9 of one of the two, started at once"


def _away(room: Room, kind: str) -> None:
    room.part(kind).stop()
    time.sleep(AWAY_S)
    room.part(kind).start()


def _killed(room: Room, kind: str) -> None:
    room.part(kind).kill()
    room.part(kind).start()
