"""Clients set upon a stand, and what they and its processes say of it."""

import json
import subprocess
import sys
from typing import Any

from benchmarks.load.stands import Stand, pinned
from benchmarks.load.upstream import PIECES
from benchmarks.programs import environment

CROWD, PACED = 64, 100  # connections
EVENTS = PIECES + 2  # of a stream: usage and [DONE], too
WORDS = "Please say something about lighthouses. " * 20


def drive(stand: Stand, connections: int, seconds: float, **kind: Any) -> dict[str, Any]:
    """What clients saw, with the CPU seconds it took."""
    before = _cpu_s(stand)
    seen = seen_by(stand, clients(stand, connections, seconds, **kind))
    after = _cpu_s(stand)
    return seen | {"cpu": after[0] - before[0], "store_cpu": after[1] - before[1]}


def clients(stand: Stand, connections: int, seconds: float, *, stream: bool = False, words: str = WORDS) -> "subprocess.Popen[str]":
    """In a process of their own, begun."""
    body = {"model": "load", "messages": [{"role": "user", "content": words}], "max_tokens": 100, "stream": stream}
    headers = {"authorization": f"Bearer {stand.key}", "content-type": "application/json", **stand.headers}
    orders = {"port": stand.port, "path": stand.path, "headers": headers, "body": json.dumps(body)}
    command = [str(word) for word in pinned([sys.executable, "-m", "benchmarks.load.driver"], first=False)]
    begun = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment({}))
    assert begun.stdin
    begun.stdin.write(json.dumps(orders | {"connections": connections, "seconds": seconds}))
    begun.stdin.close()
    return begun


def seen_by(stand: Stand, begun: "subprocess.Popen[str]") -> dict[str, Any]:
    """What they saw, once they are done; their first troubles are told at once."""
    assert begun.stdout
    told = begun.stdout.read()
    if begun.wait():
        raise SystemExit("the clients failed; what they say is above")
    seen: dict[str, Any] = json.loads(told)
    for trouble in seen["troubles"]:
        print(f"{stand.name}: {trouble}", file=sys.stderr)
    return seen


def _cpu_s(stand: Stand) -> tuple[float, float]:
    return stand.measured.cpu_s() if stand.measured else 0.0, stand.beside.cpu_s() if stand.beside else 0.0
