"""One transaction for a whole batch: lock the rows it needs, decide in memory in the order of arrival, write in bulk."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from billing.ledger import admission, crediting, leasing, locks, settlement, writing
from billing.ledger.books import Books
from billing.ledger.leases import Leases
from billing.ledger.locks import Known
from billing.ledger.operations import Answer, Authorise, Checkpoint, Credit, Cut, Operation, Renew, Settle
from billing.ledger.store import Store
from billing.terms import Held
from clod_site.lib.refusal import Refusal

NO = (Refusal, crediting.KeyReused, crediting.UnknownWallet, settlement.UnknownHold)


def run(
    store: Store, batch: Sequence[Operation], now: datetime, known: Known, leases: Leases, began: float, *, hurry: bool = False
) -> list[Answer]:
    """The answers, in order; exceptions among them are refusals. Raises a StoreError when nothing was committed."""
    with store.transaction(hurry=hurry):
        rows = locks.lock(store, batch, now, known, leases.unwritten_of(batch))
        answers = [_decide(rows, operation, now) for operation in batch]
        writing.write(store, rows)
    known.learn(rows)
    leases.committed(batch, rows, began)
    return answers


def _decide(rows: Books, operation: Operation, now: datetime) -> Answer:
    try:
        return _answer(rows, operation, now)
    except NO as no:
        return no


def _answer(rows: Books, operation: Operation, now: datetime) -> Answer:
    match operation:
        case Authorise():
            answer = admission.authorise(rows, operation.ask, now)
            operation.staged = answer if isinstance(answer, Held) else None
            operation.staged_lease = _leased_along(rows, operation, now) if operation.staged and operation.lease_id else None
            return answer
        case Settle():
            return settlement.settle(rows, operation.held, operation.ending, operation.outcome, now)
        case Checkpoint():
            return settlement.checkpoint(rows, operation.hold_id, operation.used_nanousd)
        case Cut():
            leasing.hold_of(rows, operation.hold_id)
            return None
        case Renew():
            return leasing.lend(rows, operation.ask, operation.lease_id, now)
        case Credit():
            return crediting.credit(rows, operation)
    raise TypeError(f"the ledger does not know {operation!r}")


def _leased_along(rows: Books, asked: Authorise, now: datetime) -> Held | None:
    """A call that has its hold is not refused for the sake of a lease: it may have been admitted before, and its answer lost."""
    assert asked.lease_id
    with suppress(Refusal):
        leasing.lend(rows, asked.ask, asked.lease_id, now)
    lent = rows.lent.get(asked.lease_id)
    return lent.held if lent else None
