"""SIGTERM of a web process with fifty running streams, as every deploy does it."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import asdict

from benchmarks.chaos import traffic
from benchmarks.faults.room import Room

STREAMS = 50
STREAM_S, RUNNING_S = 42, 10  # how long each of them lasts, and how far they are
LIMIT_S = 120  # deploy/compose.yaml's stop_grace_period
STREAM = traffic.Habit(1, "unhurried", is_stream=True)


def web_drained(room: Room) -> str:
    """The old process is waited for; meanwhile the other one takes all new calls."""
    notes = [traffic.Note(room.number(), STREAM.model) for _ in range(STREAMS)]
    clients = [threading.Thread(target=_stream, args=(room, note)) for note in notes]
    for client in clients:
        client.start()
    time.sleep(RUNNING_S)
    old = room.part("web")
    began, kills = time.monotonic(), len(old.killed_at)  # an earlier fault may have killed it
    old.tell_to_stop()
    old.stop(LIMIT_S)
    took_s, forced = time.monotonic() - began, len(old.killed_at) > kills
    old.start()
    for client in clients:
        client.join(LIMIT_S)
    with room.notes.open("a") as file:
        file.writelines(json.dumps(asdict(note)) + "\n" for note in notes)
    ends = Counter(note.end for note in notes)
    end = f"it had to be killed after {took_s:.0f} s" if forced else f"the process ended after {took_s:.0f} s"
    how = ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
    return f"SIGTERM with {STREAMS} streams of {STREAM_S} s running for {RUNNING_S} s: {how}; {end}"


def _stream(room: Room, note: traffic.Note) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", room.webs[0], timeout=LIMIT_S)
    try:
        connection.connect()
        traffic.call(connection, room.key, STREAM, note, random.Random(note.number))
    finally:
        connection.close()
