"""The one thread of a process that writes money: it takes everything that waits, and commits it as one transaction.

There is no timer. Alone, an operation is taken at once; while a transaction runs, the next batch gathers behind it.

When a transaction fails, nothing of it is answered. It is tried again a few times; then its operations go one by one,
so that one the database will not take cannot fail its neighbours. With the database away, authorisations are refused
and settlements wait in memory until it is back.
"""

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from uuid import UUID

from billing import refusals
from billing.ledger import measured, store, transaction
from billing.ledger.leases import TICK_S, Leases
from billing.ledger.locks import Known
from billing.ledger.operations import Answer, Authorise, Checkpoint, Credit, Ending, Operation, Settle, deliver
from billing.ledger.store import Contended, Locked, Lost, Store
from billing.terms import Held
from clod_site.lib import clock

MOST_WAITING = 4096  # operations that may be refused; settlements always fit: there are no more of them than open holds
MOST_IN_BATCH = 512
TRIES = 3
RECONNECT_S = 0.25

log = logging.getLogger("clod.ledger")


class Ended(Exception):
    """This writer takes nothing more; the process may have a new one."""


class Writer:
    """``first`` runs in the thread before anything else; ``successor`` takes what comes up after this writer has ended."""

    def __init__(self, first: Callable[["Writer"], None], successor: Callable[[Operation], None]) -> None:
        self._first, self._successor = first, successor
        self._waiting: deque[Operation] = deque()
        self._checkpoints: dict[UUID, Checkpoint] = {}
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._closing = self._abandoned = self._ended = False
        self._store: Store | None = None
        self._known = Known()
        self.leases = Leases()
        self._thread = threading.Thread(target=self._work, name="ledger", daemon=True)

    # --- any thread -------------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def submit(self, operation: Operation) -> None:
        """Queue it. LedgerBusy when too much waits already (a settlement is never turned away); Ended after ``stop``."""
        with self._lock:
            if self._ended:
                raise Ended
            if not isinstance(operation, Settle) and len(self._waiting) >= MOST_WAITING:
                raise refusals.LedgerBusy
            if isinstance(operation, Authorise):
                operation.lease_id = self.leases.wanted(operation.ask)
            self._waiting.append(operation)
            self._wake.notify()

    def checkpoint(self, operation: Checkpoint) -> None:
        """Queue it in place of an older one of the same hold."""
        with self._lock:
            self._checkpoints[operation.hold_id] = operation
            self._wake.notify()

    def stop(self, timeout_s: float) -> bool:
        """Finish what waits, then end. False when time ran out: what was left is settled by the sweeper, at its checkpoints."""
        with self._lock:
            self._closing = True
            self._wake.notify()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.error("the ledger stopped with about %d operations undone; the sweeper settles their holds", len(self._waiting))
            self._abandoned = True
            return False
        return True

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    # --- the ledger's own thread ------------------------------------------------------------------

    def _work(self) -> None:
        self._first(self)
        while batch := self._take():
            try:
                self._commit([operation for operation in batch if not _is_stuck(operation)])
                self._each([operation for operation in batch if _is_stuck(operation)])
            except Exception:
                log.exception("a defect in the ledger; its thread goes on")
        self._disconnect()
        self._answer([(operation, refusals.LedgerUnavailable()) for operation in self._waiting])

    def _take(self) -> list[Operation]:
        """All that waits, in order of arrival, up to MOST_IN_BATCH, and what leases need; nothing when the ledger is to end."""
        with self._lock:
            while not (chores := self._chores()) and not (self._waiting or self._checkpoints or self._is_done()):
                self._wake.wait(None if self.leases.are_gone else TICK_S)
            self._ended = self._abandoned or not (chores or self._waiting or self._checkpoints)
            if self._ended:
                return []
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_IN_BATCH))]
            batch += self._checkpoints.values()
            self._checkpoints.clear()
            return batch + chores

    def _chores(self) -> list[Operation]:
        try:
            return self.leases.chores()
        except Exception:
            log.exception("a defect in leases; the ledger goes on without them")
            return []

    def _is_done(self) -> bool:
        """Nothing more will come, and leases have ended: nobody is admitted on them any more."""
        if self._closing:
            self.leases.end()
        return self._abandoned or (self._closing and self.leases.are_gone)

    def _commit(self, batch: list[Operation], *, hurry: bool = False) -> None:
        if not batch:
            return
        try:
            answers = self._try(batch, hurry)
        except Lost as error:
            log.error("the ledger's database is away: %s", error)
            self.leases.end()
            self._postpone(batch, refusals.LedgerUnavailable)
            self._keep_checkpoints(batch)
            time.sleep(RECONNECT_S)
        except Exception as error:
            self._separate(batch, error)
        else:
            self._answer(list(zip(batch, answers, strict=True)))

    def _try(self, batch: list[Operation], hurry: bool) -> list[Answer]:
        """Answers of a committed batch. Deadlocks are tried again, a lost connection once, at once: it may just have been closed."""
        for last in (False,) * (TRIES - 1) + (True,):
            try:
                return self._transact(batch, hurry)
            except Locked:
                raise
            except (Contended, Lost) as error:
                reconnected = self._reconnect() if isinstance(error, Lost) else True
                if last or not reconnected:
                    raise
                time.sleep(random.uniform(0.001, 0.01))  # noqa: S311
        raise AssertionError("unreachable")

    def _transact(self, batch: list[Operation], hurry: bool) -> list[Answer]:
        if self._store is None:
            self._store = store.connect()
        began = clock.monotonic()
        answers = transaction.run(self._store, batch, clock.now(), self._known, self.leases, began, hurry=hurry)
        measured.committed(len(batch), clock.monotonic() - began)
        return answers

    def _separate(self, batch: list[Operation], error: Exception) -> None:
        """Each operation by itself, unless the whole database was busy."""
        if len(batch) == 1:
            self._give_up(batch[0], error)
        elif isinstance(error, Contended) and not isinstance(error, Locked):
            self._postpone(batch, refusals.LedgerBusy)
        else:
            self._each(batch)

    def _each(self, batch: list[Operation]) -> None:
        for operation in batch:
            self._commit([operation], hurry=True)

    def _give_up(self, operation: Operation, error: Exception) -> None:
        """The last resort for one operation: money first, then an honest answer."""
        if isinstance(error, Contended):
            if isinstance(operation, Settle):
                operation.is_stuck = True
            self._postpone([operation], refusals.LedgerBusy)
        elif isinstance(operation, Settle) and operation.keep_the_money_only():
            log.error("the rows of request %s are refused, only its charge is kept: %s", operation.held.request_id, error)
            self._commit([operation])
        else:
            log.error("the ledger could not do %s", type(operation).__name__, exc_info=error)
            self._answer([(operation, error if isinstance(operation, Credit) else refusals.LedgerUnavailable())])

    def _postpone(self, batch: list[Operation], refusal: Callable[[], refusals.TryAgain]) -> None:
        """Refuse what may be refused, keep settlements at the front of the queue.

        A commit whose answer was lost may have happened: a hold that was about to be promised, and a lease that came with it, are given
        back, in case they exist.
        """
        settlements = [operation for operation in batch if isinstance(operation, Settle)]
        refused = [operation for operation in batch if not isinstance(operation, Settle)]
        asked = [operation for operation in refused if isinstance(operation, Authorise)]
        doubtful = [held for operation in asked for held in (operation.staged, self.leases.in_doubt(operation)) if held]
        with self._lock:
            self._waiting.extendleft(reversed([*settlements, *(Settle(held, Ending.VOID) for held in doubtful)]))
        self._answer([(operation, refusal()) for operation in refused])

    def _keep_checkpoints(self, batch: list[Operation]) -> None:
        """They are written once the database is back, those that no newer one has replaced."""
        with self._lock:
            for operation in batch:
                if isinstance(operation, Checkpoint):
                    self._checkpoints.setdefault(operation.hold_id, operation)

    def _answer(self, answered: list[tuple[Operation, Answer]]) -> None:
        deliver(answered, gone=self._give_back)

    def _give_back(self, held: Held) -> None:
        """A hold whose waiter has left. Any thread: event loops find that out themselves."""
        settle = Settle(held, Ending.VOID)
        try:
            self.submit(settle)
        except Ended:
            self._successor(settle)

    def _reconnect(self) -> bool:
        self._disconnect()
        try:
            self._store = store.connect()
        except Lost:
            return False
        return True

    def _disconnect(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def _is_stuck(operation: Operation) -> bool:
    return isinstance(operation, Settle) and operation.is_stuck
