"""Lock and read the rows a batch touches, table by table, rows in the order of their keys, wallets last.

Keys → projects → idempotent calls → free-quota days → budget periods → holds → wallets. With that one order any number of processes
wait for one another and never in a circle. On SQLite the transaction itself is the lock, and this only reads.

On PostgreSQL all of it is sent in one trip where earlier batches know (``Known``) which wallet and which periods the projects have,
and otherwise in two.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from billing.ledger import books, idempotency, statements
from billing.ledger.admission import today
from billing.ledger.books import Books
from billing.ledger.leases import Unwritten
from billing.ledger.operations import Authorise, Checkpoint, Credit, Cut, Operation, Renew, Settle
from billing.ledger.store import Contended, Fetch, Row, Select, Store
from billing.models import Funding
from billing.terms import Held, HoldAsk, Keepsake, Outcome, Repeatable
from clod_site.lib import clock


class Misguessed(Contended):
    """What earlier batches knew is true no more: a row of theirs was deleted, or a project has another zone."""


class Known:
    """What earlier batches read: enough to guess which rows a batch needs before its projects have been read, and to lock all in one
    trip. Only where rows are found is guessed. What is in them is always read under their lock.
    """

    MOST = 10_000  # projects or keys; then it begins anew

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.books = Books()
        self.periods: set[Row] = set()
        self.free_days: set[Row] = set()
        self.ticks: set[int] = set()  # that are there, and so will always be

    def learn(self, rows: Books) -> None:
        """From a batch that is committed; one that was as guessed has nothing to teach."""
        if rows.are_as_guessed:
            return
        if max(len(self.books.projects), len(self.books.keys), len(self.periods) // 4, len(self.free_days), len(self.ticks)) > self.MOST:
            self.forget()
        self.books.projects.update(rows.projects)
        self.books.keys.update(rows.keys)
        self.periods.update(rows.periods)
        self.free_days.update(rows.free_days)

    def has_all_of(self, asks: Sequence[HoldAsk]) -> bool:
        """Whether it can guess for these. A call with an Idempotency-Key may need the rows of an earlier one."""
        return all(
            ask.repeatable is None and ask.project_id in self.books.projects and (not ask.api_key_id or ask.api_key_id in self.books.keys)
            for ask in asks
        )

    def still_holds(self, rows: Books) -> bool:
        """Whether the projects that were read need what was guessed for them."""
        return all(_deciding(project) == _deciding(self.books.projects[project.id]) for project in rows.projects.values())


def _deciding(project: books.Project) -> tuple[object, ...]:
    """What says which rows its calls need."""
    return project.organization_id, project.wallet_id, project.time_zone, project.next_time_zone, project.time_zone_changes_at


def lock(store: Store, batch: Sequence[Operation], now: datetime, known: Known, unwritten: dict[UUID, Unwritten]) -> Books:
    """Raises Misguessed, once: then nothing is known any more."""
    rows = Books(unwritten=unwritten)
    asks = [operation.ask for operation in batch if isinstance(operation, Authorise | Renew)]
    read_askers = _lock_askers(store, rows, asks, known)
    if known.has_all_of(asks):
        read_calls = _lock_idempotent_calls(store, rows, batch, now)
        guessed = _needs(known.books, batch, now, unwritten)
        read = _lock_needs(store, rows, guessed, known)
        read_askers()
        read_calls()
        if not known.still_holds(rows):
            known.forget()
            raise Misguessed
        rows.are_as_guessed = guessed.asked_free_days <= known.free_days and guessed.asked_periods <= known.periods
    else:
        read_askers()
        _lock_idempotent_calls(store, rows, batch, now)()
        guessed = _needs(rows, batch, now, unwritten)
        read = _lock_needs(store, rows, guessed, known)
    read()
    if not (guessed.asked_periods <= rows.periods.keys() and guessed.asked_free_days <= rows.free_days.keys()):
        known.forget()
        raise Misguessed
    rows.locked_at = clock.now()
    return rows


def _lock_needs(store: Store, rows: Books, needs: "_Needs", known: Known) -> Callable[[], None]:
    """What a first call of a day or month needs is made first, so that it can be locked. The function returned reads it all."""
    if new_free_days := needs.asked_free_days - known.free_days:
        store.insert(statements.new_free_days, [(*key, 0) for key in sorted(new_free_days)])
    if new_periods := needs.asked_periods - known.periods:
        store.insert(statements.new_periods, [_new_period(needs, *key) for key in sorted(new_periods)])
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

    def read() -> None:
        rows.free_days = {(row[1], row[2]): books.FreeDay(row[0], row[3]) for row in free_days()}
        rows.periods = {(row[1], row[2]): books.Period(row[0], row[3], row[4]) for row in periods()}
        rows.holds = {row[0]: books.Hold(*row) for row in holds()}
        rows.wallets = {row[0]: books.Wallet(*row) for row in wallets()}
        rows.entries = {(row[5], row[2]): books.Entry(*row) for row in entries()}

    return read


def _lock_askers(store: Store, rows: Books, asks: Sequence[HoldAsk], known: Known) -> Callable[[], None]:
    """A revocation or a changed cap waits for calls that are being admitted, and calls wait for it: none starts after it returned.

    The function returned reads them.
    """
    keys = _read(store, statements.keys, {(ask.api_key_id,) for ask in asks if ask.api_key_id})
    projects = _read(store, statements.projects, {(ask.project_id,) for ask in asks})
    asked = {price.price_tick_id for ask in asks for price in ask.prices}
    ticks = _read(store, statements.ticks, {(tick,) for tick in asked - known.ticks})

    def read() -> None:
        rows.keys = {row[0]: books.Key(*row) for row in keys()}
        rows.projects = {row[0]: books.Project(*row) for row in projects()}
        known.ticks.update([row[0] for row in ticks()])
        rows.ticks = asked & known.ticks

    return read


def _lock_idempotent_calls(store: Store, rows: Books, batch: Sequence[Operation], now: datetime) -> Callable[[], None]:
    """One row for each Idempotency-Key of the batch, made first where there is none: of two calls with one key, one waits here.

    The function returned reads them. It raises Contended when a row that was there is gone before it is locked: it was a day old, and
    has just been deleted.
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
    calls = _read(store, statements.idempotent_calls, wanted)

    def read() -> None:
        rows.idempotent_calls = {(row[1], row[2]): books.IdempotentCall(*row) for row in calls()}
        if any((project_id, key_digest) not in rows.idempotent_calls for project_id, key_digest, *_ in new):
            raise Contended("an Idempotency-Key was forgotten just when it was used again")

    return read


def _read(store: Store, statement: Select, keys: set[Row]) -> Fetch:
    return store.select(statement, sorted(keys, key=_in_order)) if keys else list


def _in_order(key: Row) -> list[object]:
    """As the database has it. UUIDs compare as their numbers do, which are compared without Python."""
    return [value.int if value.__class__ is UUID else value for value in key]


class _Needs(NamedTuple):
    """The keys of all rows a batch touches; of those that an ask needs, which are made where they are missing, also apart."""

    asked_free_days: set[Row]
    asked_periods: set[Row]
    api_keys: set[UUID]
    free_days: set[Row]
    periods: set[Row]
    holds: set[Row]
    wallets: set[Row]
    references: set[Row]


def _needs(rows: Books, batch: Sequence[Operation], now: datetime, unwritten: dict[UUID, Unwritten]) -> _Needs:
    needs = _Needs(set(), set(), set(), set(), set(), set(), set(), set())
    counted = set[tuple[object, ...]]()  # where calls count; most of a batch count where another one does
    for lease in {call.lease for call in unwritten.values()}:
        needs.holds.add((lease.held.request_id,))
        _needs_of_held(needs, lease.held)
    for operation in batch:
        match operation:
            case Authorise(ask=ask, lease_id=lease_id) | Renew(ask=ask, lease_id=lease_id):
                needs.holds.add((ask.request_id,))
                if lease_id:
                    needs.holds.add((lease_id,))
                if earlier := idempotency.earlier_request(rows, ask):
                    needs.holds.add((earlier,))
                caller = ask.project_id, ask.api_key_id, ask.may_be_free
                if caller not in counted:
                    counted.add(caller)
                    _needs_of_ask(needs, rows, ask, now)
            case Settle(held=held):
                needs.holds.add((held.request_id,))
                if held.request_id in unwritten:
                    continue
                if held.funding == Funding.FREE:
                    needs.wallets.add((held.wallet_id,))
                    needs.free_days.add((held.organization_id, held.day_key))
                elif (where := (held.project_id, held.api_key_id, held.day_key, held.month_key)) not in counted:
                    counted.add(where)
                    _needs_of_held(needs, held)
            case Checkpoint(hold_id=hold_id) | Cut(hold_id=hold_id):
                needs.holds.add((hold_id,))
            case Credit(wallet_id=wallet_id, key=key):
                needs.wallets.add((wallet_id,))
                needs.references.add((key,))
    needs.free_days.update(needs.asked_free_days)
    needs.periods.update(needs.asked_periods)
    return needs


def _needs_of_held(needs: _Needs, held: Held) -> None:
    needs.wallets.add((held.wallet_id,))
    needs.periods.update([(subject, key) for subject in books.subjects_of(held) for key in (held.day_key, held.month_key)])


def _needs_of_ask(needs: _Needs, rows: Books, ask: HoldAsk, now: datetime) -> None:
    project = rows.projects.get(ask.project_id)
    if project is None or (ask.api_key_id and ask.api_key_id not in rows.keys):
        return
    dates = today(project.calendar, now)
    if ask.api_key_id:
        needs.api_keys.add(ask.api_key_id)
    needs.asked_periods.update((subject, key) for subject in books.subjects_of(ask) for key in (dates.day, dates.month))
    needs.wallets.add((project.wallet_id,))
    if ask.may_be_free:
        needs.asked_free_days.add((project.organization_id, dates.day))


def _new_period(needs: _Needs, subject: UUID, period_key: str) -> Row:
    return (None, subject, period_key, 0, 0) if subject in needs.api_keys else (subject, None, period_key, 0, 0)
