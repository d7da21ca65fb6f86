"""Write what the decisions changed: one statement a table, however many calls are in the batch."""

from collections.abc import Sequence
from uuid import UUID

from billing.ledger import books, recording, statements
from billing.ledger.books import Books
from billing.ledger.cleaning import clamp, storable
from billing.ledger.store import Insert, Row, Store, Update
from billing.terms import AttemptRow


def write(store: Store, rows: Books) -> None:
    """Everything the decisions changed. A call on a lease may be settled by the transaction that makes its row."""
    _insert(store, statements.new_holds, [books.columns_of_hold(hold) for hold in rows.new_holds])
    _update(store, statements.move_lease, [(hold.id, hold.change) for hold in rows.holds.values() if hold.change])
    _update(store, statements.settle, [(hold.id, hold.state, hold.captured, hold.settled_at) for hold in rows.settled])
    moved = [hold for hold in rows.holds.values() if hold.checkpoint_moved]
    _update(store, statements.checkpoint, [(hold.id, hold.checkpoint) for hold in moved])
    _update(store, statements.use_free, [(day.id, day.change) for day in rows.free_days.values() if day.change])
    _update(store, statements.move_period, [(period.id, *period.change) for period in rows.periods.values() if any(period.change)])
    _update(store, statements.move_wallet, [(wallet.id, *wallet.change) for wallet in rows.wallets.values() if any(wallet.change)])
    kept = [call for call in rows.idempotent_calls.values() if call.has_changed]
    _update(store, statements.keep_idempotent_call, [(c.id, c.body_digest, c.request_id, c.answer, c.created_at) for c in kept])
    _insert(store, statements.new_entries, rows.new_entries)
    _insert(store, statements.new_losses, rows.losses)
    _insert(store, statements.new_attempts, [_attempt_row(request_id, attempt) for request_id, attempt in rows.attempts])
    if rows.records:
        recording.recorder().insert(store, rows.records)


def _insert(store: Store, statement: Insert, values: Sequence[Row]) -> None:
    if values:
        store.insert(statement, values)


def _update(store: Store, statement: Update, values: Sequence[Row]) -> None:
    if values:
        store.update(statement, values)


def _attempt_row(request_id: UUID, attempt: AttemptRow) -> Row:
    return (
        request_id,
        attempt.number,
        attempt.endpoint_id,
        attempt.started_at,
        clamp(attempt.first_byte_ms, 31),
        clamp(attempt.latency_ms, 31),
        clamp(attempt.upstream_cost_nanousd, 63),
        storable(attempt.outcome, 40),
    )
