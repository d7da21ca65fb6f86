"""The rows one transaction works on, read under lock, changed in memory, written back in bulk."""

from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from billing.ledger.leases import Unwritten
from billing.ledger.recording import Record
from billing.models import HoldState
from billing.terms import AttemptRow, Held, HoldAsk
from clod_site.lib import clock
from clod_site.lib.calendars import Calendar

MICROSECOND = timedelta(microseconds=1)


class Key(NamedTuple):
    id: UUID
    project_id: UUID
    name: str
    daily_cap: int | None
    monthly_cap: int | None
    expires_at: datetime | None
    revoked_at: datetime | None
    disabled_at: datetime | None


class Project(NamedTuple):
    """A project with what its organization decides: zone, suspension, free requests, paying on after them, the wallet."""

    id: UUID
    organization_id: UUID
    name: str
    daily_cap: int | None
    monthly_cap: int | None
    archived_at: datetime | None
    suspended_at: datetime | None
    time_zone: str
    next_time_zone: str
    time_zone_changes_at: datetime | None
    free_quota_since: datetime | None
    pays_after_free_quota: bool
    wallet_id: UUID

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.time_zone, self.next_time_zone, self.time_zone_changes_at)


@dataclass(slots=True)
class FreeDay:
    id: int
    used: int
    change: int = 0

    def use(self, requests: int) -> None:
        self.used += requests
        self.change += requests


@dataclass(slots=True)
class Period:
    id: int
    spent: int
    held: int
    change: list[int] = field(default_factory=lambda: [0, 0])

    def left(self, cap: int) -> int:
        """What may still be set aside; negative where a cap was lowered below what is spent."""
        return cap - self.spent - self.held

    def hold(self, amount: int) -> None:
        self.held += amount
        self.change[1] += amount

    def release(self, amount: int) -> None:
        """Never more than it holds: a row that has lost count must not keep a call from its settlement."""
        self.hold(-min(amount, self.held))

    def spend(self, amount: int) -> None:
        self.spent += amount
        self.change[0] += amount


@dataclass(slots=True)
class Wallet:
    id: UUID
    balance: int
    held: int
    frozen_at: datetime | None
    change: list[int] = field(default_factory=lambda: [0, 0])

    @property
    def available(self) -> int:
        return self.balance - self.held

    def hold(self, amount: int) -> None:
        self.held += amount
        self.change[1] += amount

    def move(self, amount: int) -> None:
        self.balance += amount
        self.change[0] += amount


@dataclass(slots=True)
class Hold:
    id: UUID
    wallet_id: UUID
    project_id: UUID
    api_key_id: UUID | None
    price_tick_id: int
    funding: str
    amount: int
    checkpoint: int
    state: str
    day_key: str
    month_key: str
    created_at: datetime
    expires_at: datetime
    settled_at: datetime | None
    captured: int
    is_lease: bool = False
    checkpoint_moved: bool = False
    is_new: bool = False
    cut_from: "Hold | None" = None  # the lease a call's hold is part of, in the transaction that makes its row
    change: int = 0  # of a lease's amount, beside its row
    periods: "list[Period] | None" = None  # where it counts, once somebody has asked

    @property
    def is_open(self) -> bool:
        return self.state == HoldState.OPEN

    def grow(self, amount: int) -> None:
        """Of a lease: more for calls to come, or (negative) for one that has taken its part."""
        self.amount += amount
        if not self.is_new:
            self.change += amount


@dataclass(slots=True)
class IdempotentCall:
    id: int
    project_id: UUID
    key_digest: str
    body_digest: str
    request_id: UUID | None
    answer: bytes | None
    created_at: datetime
    has_changed: bool = False


def subjects_of(call: HoldAsk | Held | Hold) -> tuple[UUID, ...]:
    """Whose budgets a call counts in. One from Studio has no key."""
    return (call.project_id, call.api_key_id) if call.api_key_id else (call.project_id,)


_BESIDE_ITS_ROW = {"checkpoint_moved", "is_new", "cut_from", "change", "periods"}
columns_of_hold = attrgetter(*(column.name for column in fields(Hold) if column.name not in _BESIDE_ITS_ROW))


class Entry(NamedTuple):
    id: UUID
    wallet_id: UUID
    kind: str
    amount: int
    balance_after: int
    reference: str
    reason: str
    created_at: datetime


class Lent(NamedTuple):
    """A lease that may be admitted on from now on, and the instant it ends at the latest, also for a process that was asleep meanwhile."""

    held: Held
    ends_at: datetime


@dataclass(slots=True)
class Books:
    """Found rows by key, since when they are locked, and what is to be written. ``unwritten`` are calls on leases that have no row yet."""

    keys: dict[UUID, Key] = field(default_factory=dict)
    projects: dict[UUID, Project] = field(default_factory=dict)
    ticks: set[int] = field(default_factory=set)
    free_days: dict[tuple[UUID, str], FreeDay] = field(default_factory=dict)
    periods: dict[tuple[UUID, str], Period] = field(default_factory=dict)  # by project or key, and day or month
    holds: dict[UUID, Hold] = field(default_factory=dict)
    wallets: dict[UUID, Wallet] = field(default_factory=dict)
    idempotent_calls: dict[tuple[UUID, str], IdempotentCall] = field(default_factory=dict)
    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    unwritten: dict[UUID, Unwritten] = field(default_factory=dict)
    locked_at: datetime = field(default_factory=clock.now)

    lent: dict[UUID, Lent] = field(default_factory=dict)
    new_holds: list[Hold] = field(default_factory=list)
    settled: list[Hold] = field(default_factory=list)
    new_entries: list[Entry] = field(default_factory=list)
    losses: list[tuple[UUID, int, datetime]] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    attempts: list[tuple[UUID, AttemptRow]] = field(default_factory=list)
    are_as_guessed: bool = False

    def periods_of(self, hold: Hold) -> list[Period]:
        """Where it counts: the day and the month of its project, and of its key; without those that somebody has lost. What is cut from
        a lease counts where that does."""
        counts = hold.cut_from or hold
        if counts.periods is None:
            found, keys = self.periods.get, (counts.day_key, counts.month_key)
            counts.periods = [period for subject in subjects_of(counts) for key in keys if (period := found((subject, key)))]
        return counts.periods

    def open(self, hold: Hold) -> Hold:
        hold.is_new = True
        self.holds[hold.id] = hold
        self.new_holds.append(hold)
        return hold

    def post(self, entry_id: UUID, wallet: Wallet, kind: str, amount: int, reference: str, reason: str) -> None:
        """An entry and the balance it leaves are one thing; nothing else moves a balance.

        A wallet's entries are in the order of their instants: those are taken while the wallet is locked, a microsecond apart in a batch.
        """
        wallet.move(amount)
        instant = self.locked_at + len(self.new_entries) * MICROSECOND
        entry = Entry(entry_id, wallet.id, kind, amount, wallet.balance, reference, reason, instant)
        self.entries[reference, kind] = entry
        self.new_entries.append(entry)
