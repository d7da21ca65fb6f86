"""Clients in a process of their own: ``python -m benchmarks.chaos.traffic`` with its orders as a line of JSON on stdin.

They call until stdin is closed, finish what they have begun, and note each call's end as a line of JSON: answered (a whole
body, or [DONE]), told (a refusal or an error event), cut (the connection broke off), left (hung up), or unanswered.
"""

import http.client
import itertools
import json
import random
import sys
import threading
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.chaos.books import CHECKPOINT_BOUND_S, FIRST_CALL
from clod_site.lib.money import NANO

CLIENTS = 24
PATIENCE_S = 20.0
AWAY_S = 0.05
QUESTION = "Tell me about lighthouses. " * 20  # longer than the context window, so that every prompt's bound is the same


class Habit(NamedTuple):
    """How often (of 100 calls) a client does this; ``leaves_within_s`` is when it hangs up at the latest."""

    often: int
    model: str
    is_stream: bool = False
    leaves_within_s: float | None = None


HABITS = (
    Habit(40, "steady"),
    Habit(36, "steady", is_stream=True),
    Habit(8, "slow", is_stream=True),
    Habit(1, "slow"),
    Habit(3, "long", is_stream=True, leaves_within_s=14),
    Habit(2, "slow", leaves_within_s=1),
    Habit(3, "broken"),
    Habit(4, "breaks-off", is_stream=True),
    Habit(3, "gift"),
)


@dataclass
class Note:
    number: int
    model: str
    end: str = ""
    request: str = ""
    status: int = 0
    cost_nanousd: int | None = None
    sure_pieces: int = 0  # of a stream: those heard up to CHECKPOINT_BOUND_S before its last one
    at: float = 0.0  # time.time() when it was sent
    first_s: float | None = None  # until its status was there
    took_s: float = 0.0


def main() -> None:
    orders = json.loads(sys.stdin.readline())
    over, numbers = threading.Event(), itertools.count(orders.get("first", FIRST_CALL))
    with Path(orders["notes"]).open("a", buffering=1) as notes:
        clients = [threading.Thread(target=_client, args=(orders, numbers, notes, over)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        sys.stdin.read()
        over.set()
        for client in clients:
            client.join()


def _client(orders: dict[str, Any], numbers: "itertools.count[int]", notes: Any, over: threading.Event) -> None:
    dice = random.Random()
    while not over.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", dice.choice(orders["ports"]), timeout=PATIENCE_S)
        try:
            connection.connect()
        except OSError:
            time.sleep(AWAY_S)
            continue
        (habit,) = dice.choices(HABITS, [habit.often for habit in HABITS])
        note = Note(next(numbers), habit.model)
        call(connection, orders["key"], habit, note, dice)
        connection.close()
        notes.write(json.dumps(asdict(note)) + "\n")


def call(connection: http.client.HTTPConnection, key: str, habit: Habit, note: Note, dice: random.Random) -> None:
    """One call from its beginning to its end, which ``note`` takes down."""
    began, note.at = time.monotonic(), time.time()
    _make(connection, key, habit, note, dice)
    note.took_s = time.monotonic() - began


def _make(connection: http.client.HTTPConnection, key: str, habit: Habit, note: Note, dice: random.Random) -> None:
    body: dict[str, Any] = {
        "model": habit.model,
        "messages": [{"role": "user", "content": QUESTION}],
        "max_completion_tokens": note.number,
        "stream": habit.is_stream,
    }
    if habit.is_stream and dice.random() < 0.7:
        body["stream_options"] = {"include_usage": True}
    leaves_at = time.monotonic() + dice.uniform(0.1, habit.leaves_within_s) if habit.leaves_within_s else None
    try:
        connection.sock.settimeout(leaves_at - time.monotonic() if leaves_at and not habit.is_stream else PATIENCE_S)
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        answer = connection.getresponse()
        note.first_s = time.time() - note.at
        note.status, note.request = answer.status, answer.getheader("x-request-id", "")
        note.end = _stream(answer, note, leaves_at) if habit.is_stream and answer.status == 200 else _whole(answer, note)
    except TimeoutError:
        note.end = "left" if leaves_at else "unanswered"
    except (OSError, http.client.HTTPException, ValueError):
        note.end = "cut"


def _whole(answer: http.client.HTTPResponse, note: Note) -> str:
    body = json.loads(answer.read())
    if answer.status != 200:
        return "told"
    note.cost_nanousd = round(body["usage"]["cost"] * NANO)
    return "answered"


def _stream(answer: http.client.HTTPResponse, note: Note, leaves_at: float | None) -> str:
    heard: deque[float] = deque()
    for line in answer:
        if leaves_at and time.monotonic() > leaves_at:
            return "left"
        if line.startswith(b"data: [DONE]"):
            return "answered"
        if line.startswith(b"data: {"):
            event = json.loads(line[6:])
            if "error" in event:
                return "told"
            heard.append(time.monotonic())
            while heard[0] < heard[-1] - CHECKPOINT_BOUND_S:
                heard.popleft()
                note.sure_pieces += 1
            if event.get("usage"):
                note.cost_nanousd = round(event["usage"]["cost"] * NANO)
    return "cut"


if __name__ == "__main__":
    main()
