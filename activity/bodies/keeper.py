"""The thread of a process that writes bodies, several at once, beside the money and never before it.

What waits is in memory only, and bounded: with the database away for long, bodies are dropped and counted in the log; requests and
their costs are not touched by that. Errors of the database are logged by their kind: their text may quote a row.
"""

import logging
import threading
from collections import deque

from django.db import Error, connections, transaction

from activity.models import Body

log = logging.getLogger("activity.bodies")

MOST_WAITING_BYTES = 64 * 1024 * 1024
MOST_AT_ONCE = 64
AGAIN_S = 0.5


class Keeper:
    """Starts with the first body it is given; ends when told to, after writing what waits."""

    def __init__(self) -> None:
        self._waiting: deque[Body] = deque()
        self._bytes = self._dropped = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._is_ending = self._is_writing = False

    def keep(self, body: Body) -> None:
        """Queue it; any thread. Dropped, with a line in the log, when too much waits."""
        with self._changed:
            if self._bytes + len(body.content) > MOST_WAITING_BYTES:
                self._dropped += 1
                log.error("the database does not take bodies fast enough: %d dropped so far", self._dropped)
                return
            self._waiting.append(body)
            self._bytes += len(body.content)
            if self._thread is None:
                self._is_ending = False
                self._thread = threading.Thread(target=self._work, name="bodies", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self, timeout_s: float) -> bool:
        """Wait until nothing waits. False when time ran out."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_writing, timeout_s)

    def stop(self, timeout_s: float) -> None:
        """Write what waits, within that time, and end."""
        with self._changed:
            thread, self._is_ending = self._thread, True
            self._changed.notify_all()
        if thread:
            thread.join(timeout_s)
            if thread.is_alive():
                log.error("stopped with %d bodies unwritten", len(self._waiting))

    def _work(self) -> None:
        while batch := self._take():
            self._write(batch)
            with self._changed:
                self._is_writing = False
                self._changed.notify_all()
        connections.close_all()

    def _take(self) -> list[Body]:
        with self._changed:
            while not (self._waiting or self._is_ending):
                self._changed.wait()
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            self._is_writing = bool(batch)
            if not batch:
                self._thread = None
            return batch

    def _write(self, batch: list[Body]) -> None:
        """All of them; where the database will not take one, the others by themselves. While it is away, they wait."""
        while (error := _inserted(batch)) and _is_away():
            with self._changed:
                if self._is_ending:
                    break
                self._changed.wait(AGAIN_S)
        if error and len(batch) > 1:
            for body in batch:
                self._write([body])
            return
        if error:
            log.error("the body of request %s is refused by the database: %s", batch[0].pk, error)
        with self._changed:
            self._bytes -= sum(len(body.content) for body in batch)


def _inserted(batch: list[Body]) -> str:
    """The kind of error that kept them from being written; empty when they are."""
    try:
        with transaction.atomic():
            Body.objects.bulk_create(batch, ignore_conflicts=True)
    except Error as error:
        connections.close_all()
        return type(error).__name__
    return ""


def _is_away() -> bool:
    try:
        Body.objects.only("pk").first()
    except Error:
        connections.close_all()
        return True
    return False


_keeper = Keeper()
keep, flush, stop = _keeper.keep, _keeper.flush, _keeper.stop
