"""Lock and read the rows a batch touches, table by table, rows in the order of their keys, wallets last.

Keys → projects → idempotent calls → free-quota days → budget periods → holds → wallets. With that one order any number of processes
wait for one another and never in a circle. On SQLite the transaction itself is the lock, and this only reads.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from billing.ledger import books, idempotency, statements
from billing.ledger.admission import today
from billing.ledger.books import Books
from billing.ledger.operations import Authorise, Checkpoint, Credit, Operation, Settle
from billing.ledger.store import Contended, Fetch, Row, Select, Store
from billing.models import Funding
from billing.terms import HoldAsk, Keepsake, Outcome, Repeatable


def lock(store: Store, batch: Sequence[Operation], now: datetime) -> Books:
    rows = Books()
    asks = [operation.ask for operation in batch if isinstance(operation, Authorise)]
    if asks:
        _lock_askers(store, rows, asks)
    rows.idempotent_calls = _lock_idempotent_calls(store, rows, batch, now)
    needs = _needs(rows, batch, now)
    if needs.new_free_days:
        store.insert(statements.new_free_days, [(*key, 0) for key in sorted(needs.new_free_days)])
    if needs.new_periods:
        store.insert(statements.new_periods, [_new_period(rows, *key) for key in sorted(needs.new_periods)])
    free_days, periods, holds, wallets, entries = [
        _read(store, statement, keys)
        for statement, keys in (
            (statements.free_days, needs.free_days),
            (statements.periods, needs.periods),
            (statements.holds, needs.holds),
            (statements.wallets, needs.wallets),
            (statements.entries, needs.references),  # last: under the wallet's lock no other process adds one
        )
    ]
    rows.free_days = {(row[1], row[2]): books.FreeDay(row[0], row[3]) for row in free_days()}
    rows.periods = {(row[1], row[2]): books.Period(row[0], row[3], row[4]) for row in periods()}
    rows.holds = {row[0]: books.Hold(*row) for row in holds()}
    rows.wallets = {row[0]: books.Wallet(*row) for row in wallets()}
    rows.entries = {(row[5], row[2]): books.Entry(*row) for row in entries()}
    return rows


def _lock_askers(store: Store, rows: Books, asks: Sequence[HoldAsk]) -> None:
    """A revocation or a changed cap waits for calls that are being admitted, and calls wait for it: none starts after it returned."""
    keys = _read(store, statements.keys, {(ask.api_key_id,) for ask in asks if ask.api_key_id})
    projects = _read(store, statements.projects, {(ask.project_id,) for ask in asks})
    ticks = _read(store, statements.ticks, {(price.price_tick_id,) for ask in asks for price in ask.prices})
    rows.keys = {row[0]: books.Key(*row) for row in keys()}
    rows.projects = {row[0]: books.Project(*row) for row in projects()}
    rows.ticks = {row[0] for row in ticks()}


def _lock_idempotent_calls(
    store: Store, rows: Books, batch: Sequence[Operation], now: datetime
) -> dict[tuple[UUID, str], books.IdempotentCall]:
    """One row for each Idempotency-Key of the batch, made first where there is none: of two calls with one key, one waits here.

    Raises Contended when a row that was there is gone before it is locked: it was a day old, and has just been deleted.
    """
    wanted, new = set(), set()
    for operation in batch:
        match operation:
            case Authorise(ask=HoldAsk(repeatable=Repeatable() as repeatable) as ask) if ask.project_id in rows.projects:
                wanted.add((ask.project_id, repeatable.key_digest))
                new.add((ask.project_id, repeatable.key_digest, "", now))
            case Settle(held=held, outcome=Outcome(keepsake=Keepsake() as keepsake)):
                wanted.add((held.project_id, keepsake.key_digest))
    if new:
        store.insert(statements.new_idempotent_calls, sorted(new))
    found = {(row[1], row[2]): books.IdempotentCall(*row) for row in _read(store, statements.idempotent_calls, wanted)()}
    if any((project_id, key_digest) not in found for project_id, key_digest, *_ in new):
        raise Contended("an Idempotency-Key was forgotten just when it was used again")
    return found


def _read(store: Store, statement: Select, keys: set[Row]) -> Fetch:
    return store.select(statement, sorted(keys)) if keys else list


class _Needs(NamedTuple):
    new_free_days: set[Row]
    new_periods: set[Row]
    free_days: set[Row]
    periods: set[Row]
    holds: set[Row]
    wallets: set[Row]
    references: set[Row]


def _needs(rows: Books, batch: Sequence[Operation], now: datetime) -> _Needs:
    """The keys of all rows the batch touches. What a first call of a day or month needs is made first, so that it can be locked."""
    needs = _Needs(set(), set(), set(), set(), set(), set(), set())
    for operation in batch:
        match operation:
            case Authorise(ask=ask):
                needs.holds.add((ask.request_id,))
                if earlier := idempotency.earlier_request(rows, ask):
                    needs.holds.add((earlier,))
                _needs_of_ask(needs, rows, ask, now)
            case Settle(held=held):
                needs.holds.add((held.request_id,))
                needs.wallets.add((held.wallet_id,))
                if held.funding == Funding.FREE:
                    needs.free_days.add((held.organization_id, held.day_key))
                else:
                    needs.periods.update((subject, key) for subject in books.subjects_of(held) for key in (held.day_key, held.month_key))
            case Checkpoint(hold_id=hold_id):
                needs.holds.add((hold_id,))
            case Credit(wallet_id=wallet_id, key=key):
                needs.wallets.add((wallet_id,))
                needs.references.add((key,))
    needs.free_days.update(needs.new_free_days)
    needs.periods.update(needs.new_periods)
    return needs


def _needs_of_ask(needs: _Needs, rows: Books, ask: HoldAsk, now: datetime) -> None:
    project = rows.projects.get(ask.project_id)
    if project is None or (ask.api_key_id and ask.api_key_id not in rows.keys):
        return
    dates = today(project.calendar, now)
    needs.new_periods.update((subject, key) for subject in books.subjects_of(ask) for key in (dates.day, dates.month))
    needs.wallets.add((project.wallet_id,))
    if any(price.is_free_model for price in ask.prices):
        needs.new_free_days.add((project.organization_id, dates.day))


def _new_period(rows: Books, subject: UUID, period_key: str) -> Row:
    return (subject, None, period_key, 0, 0) if subject in rows.projects else (None, subject, period_key, 0, 0)
