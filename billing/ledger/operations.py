"""What the ledger can be asked to do, and how an answer finds its way back to whoever waits for it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from enum import Enum
from typing import Any
from uuid import UUID

from billing.models import HoldState
from billing.terms import Held, HoldAsk, Outcome
from clod_site.lib import loops

Answer = Any  # Held, Settled, the id of an entry, None; or an exception to raise


class Operation:
    """One request to the writer. ``future`` belongs to a thread, or to an event loop when ``loop`` is set; None: nobody waits.

    A waiter may leave at any time; the operation stays. ``hold_id`` is the hold of a call that runs, which may have no row yet.
    """

    __slots__ = ("future", "loop")

    hold_id: UUID | None = None
    loop: asyncio.AbstractEventLoop | None
    future: "asyncio.Future[Any] | Future[Any] | None"

    def __init__(self) -> None:
        self.loop = self.future = None

    def awaited(self) -> "asyncio.Future[Any]":
        """Answer to the running event loop."""
        self.loop = loop = loops.running()
        self.future = future = loop.create_future()
        return future

    def blocking(self) -> "Future[Any]":
        """Answer to the calling thread."""
        future: Future[Any] = Future()
        self.future = future
        return future


class Authorise(Operation):
    """Set money, or a free request, aside; ``lease_id`` is the lease that its caller is to have along with it. ``staged`` is the hold that
    was decided last, committed or not, and ``staged_lease`` the lease."""

    __slots__ = ("ask", "lease_id", "staged", "staged_lease")

    def __init__(self, ask: HoldAsk) -> None:
        super().__init__()
        self.ask = ask
        self.lease_id: UUID | None = None
        self.staged: Held | None = None
        self.staged_lease: Held | None = None


class Renew(Operation):
    """Let a lease go on, for calls like this one."""

    __slots__ = ("ask", "lease_id")

    def __init__(self, ask: HoldAsk, lease_id: UUID) -> None:
        super().__init__()
        self.ask = ask
        self.lease_id = lease_id


class Cut(Operation):
    """Give a call that was admitted on a lease a row of its own."""

    __slots__ = ("hold_id",)

    hold_id: UUID

    def __init__(self, hold_id: UUID) -> None:
        super().__init__()
        self.hold_id = hold_id


class Ending(Enum):
    CAPTURE = HoldState.CAPTURED.value
    VOID = HoldState.VOIDED.value
    EXPIRE = HoldState.EXPIRED.value


class Settle(Operation):
    """End a hold: capture it, give it back, or (the sweeper) capture what its checkpoint says."""

    __slots__ = ("ending", "held", "hold_id", "is_stuck", "outcome")

    def __init__(self, held: Held, ending: Ending, outcome: Outcome | None = None) -> None:
        super().__init__()
        self.held = held
        self.hold_id = held.request_id
        self.ending = ending
        self.outcome = outcome
        self.is_stuck = False  # behind a locked row: it tries again by itself, so that it holds up nobody else

    def keep_the_money_only(self) -> bool:
        """Drop rows that the database refuses, so that the charge can be made. False: there was nothing to drop."""
        if self.outcome is None or (self.outcome.row is None and not self.outcome.attempts):
            return False
        self.outcome = Outcome(self.outcome.charge_nanousd, row=None)  # nor what was kept for a repeated call
        return True


class Checkpoint(Operation):
    """Note what a running call has used for sure."""

    __slots__ = ("hold_id", "used_nanousd")

    hold_id: UUID

    def __init__(self, hold_id: UUID, used_nanousd: int) -> None:
        super().__init__()
        self.hold_id = hold_id
        self.used_nanousd = used_nanousd


class Credit(Operation):
    """Move a wallet's balance by an amount, once for each (key, kind)."""

    __slots__ = ("amount_nanousd", "key", "kind", "reason", "wallet_id")

    def __init__(self, wallet_id: UUID, amount_nanousd: int, key: str, reason: str, kind: str) -> None:
        super().__init__()
        self.wallet_id = wallet_id
        self.amount_nanousd = amount_nanousd
        self.key = key
        self.reason = reason
        self.kind = kind


Gone = Callable[[Held], None]  # told of a hold whose waiter has left


def deliver(answered: list[tuple[Operation, Answer]], gone: Gone) -> None:
    """Hand out answers: one wake-up for each event loop, however many wait there."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Operation, Answer]]] = {}
    for operation, answer in answered:
        if operation.loop is not None:
            by_loop.setdefault(operation.loop, []).append((operation, answer))
        else:
            _hand_over(operation, answer, gone)
    for loop, pairs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_hand_over_all, pairs, gone)
        except RuntimeError:  # the loop is closed: its waiters are no more
            for _, answer in pairs:
                _report_gone(answer, gone)


def _hand_over_all(pairs: list[tuple[Operation, Answer]], gone: Gone) -> None:
    for operation, answer in pairs:
        _hand_over(operation, answer, gone)


def _hand_over(operation: Operation, answer: Answer, gone: Gone) -> None:
    future = operation.future
    if future is None or future.done():
        _report_gone(answer, gone)
    elif isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _report_gone(answer: Answer, gone: Gone) -> None:
    if isinstance(answer, Held):
        gone(answer)
