"""The gateway's door to the ledger: set money aside before an upstream is called, settle it afterwards.

Every coroutine here returns only after its rows are committed; a hold may be part of a lease that was
committed before. A caller that is cancelled while it waits loses nothing: a settlement happens all the same, and a hold nobody waits for
any more is given back by the ledger.
"""

import asyncio
from contextlib import suppress

from billing import ledger, refusals
from billing.ledger.operations import Authorise, Checkpoint, Ending, Settle
from billing.ledger.settlement import UnknownHold
from billing.terms import Answered, AttemptRow, Held, HoldAsk, Keepsake, Outcome, Price, Repeatable, Settled

__all__ = [
    "Answered",
    "AttemptRow",
    "Held",
    "HoldAsk",
    "Keepsake",
    "Outcome",
    "Price",
    "Repeatable",
    "Settled",
    "UnknownHold",
    "authorise",
    "capture",
    "checkpoint",
    "settle",
    "start",
    "stop",
    "void",
]

LONGEST_WAIT_S = 1.8  # then the caller hears that the ledger is away, whatever the database is doing
LEAST_WAIT_S = 0.5


async def authorise(ask: HoldAsk, waited_s: float = 0.0) -> Held | Answered:
    """Set aside what the call may cost, at once where its caller has a lease, unless it is the repetition of one that was answered.
    ``waited_s`` is what the caller has waited for other things before.

    Raises a refusal of ``billing.refusals``: 401, 402, 403 or 503; for an Idempotency-Key 409, 410 or 422.
    """
    if (at_once := ledger.admit(ask)) is not None:
        return at_once
    operation = Authorise(ask)
    future = operation.awaited()
    ledger.submit(operation)
    timer = future.get_loop().call_later(max(LONGEST_WAIT_S - waited_s, LEAST_WAIT_S), _too_late, future)
    try:
        held: Held | Answered = await future
    except asyncio.CancelledError:
        _give_back(future)
        raise
    finally:
        timer.cancel()
    return held


async def capture(held: Held, outcome: Outcome) -> Settled:
    """Charge the call. If it was settled before, nothing changes and the first charge is answered."""
    return await settle(held, outcome, is_charged=True)


async def void(held: Held, outcome: Outcome | None = None) -> None:
    """Give the money or the free request back; with an outcome the request is recorded, at no cost."""
    with suppress(UnknownHold):
        await settle(held, outcome, is_charged=False)


def settle(held: Held, outcome: Outcome | None, *, is_charged: bool) -> "asyncio.Future[Settled]":
    """``capture`` or ``void`` without waiting: done once it is committed. The future is for the caller to look at; whatever becomes of it,
    the settlement happens. A hold given back that never was is an UnknownHold. Raises LedgerBusy."""
    operation = Settle(held, Ending.CAPTURE if is_charged else Ending.VOID, outcome)
    future = operation.awaited()
    ledger.submit(operation)
    return future


def checkpoint(held: Held, used_nanousd: int) -> None:
    """Note what a running call has used for sure, from any thread; nobody waits for it. The sweeper charges it if we die."""
    ledger.submit_checkpoint(Checkpoint(held.request_id, used_nanousd))


def start() -> None:
    """Start the ledger of this process. Without it, the first call does."""
    ledger.start()


def stop(timeout_s: float) -> bool:
    """Commit all that waits. False when time ran out; the sweeper settles the rest."""
    return ledger.stop(timeout_s)


def _too_late(future: "asyncio.Future[Held | Answered]") -> None:
    """The ledger finds the future answered, and gives the hold back if it makes one after all."""
    if not future.done():
        future.set_exception(refusals.LedgerUnavailable())


def _give_back(future: "asyncio.Future[Held | Answered]") -> None:
    """The hold had arrived, but its waiter was cancelled before it could look."""
    if not future.cancelled() and future.exception() is None and isinstance(held := future.result(), Held):
        ledger.submit(Settle(held, Ending.VOID))
