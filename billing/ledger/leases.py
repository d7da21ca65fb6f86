"""Money this process has set aside ahead of calls, so that most of them are admitted in memory (decision 0017).

A lease is a committed hold of one project and key, for calls to come. For a second, calls cut theirs from it without a trip to the
database. A call that lasts longer than a tenth of a second gets a row of its own, out of the lease's amount; a shorter one gets it when
it is settled. Whoever stops a key, a project or an organization, or changes a cap, waits until the leases under it have ended.

Event loops admit; everything else is done by the ledger's thread.
"""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from billing.ledger.operations import Authorise, Cut, Ending, Operation, Renew, Settle
from billing.models import Funding
from billing.terms import Held, HoldAsk
from clod_site.lib import clock, ids
from clod_site.lib.at_hand import settings

if TYPE_CHECKING:
    from billing.ledger.books import Books

LASTS_S = 1.0
OLD_S = 60.0  # no longer renewed: a row that is open for ever would keep Activity from adding up the hours it spans
UNWRITTEN_S = 0.1  # then a call gets a row of its own
TICK_S = 0.05
ENOUGH = 4  # calls in a second that make a lease worth its while
MADE_WITHIN_S = 2.0  # longer than a call waits for its hold: then another lease may be asked for
FORGET_S = 60.0
MOST_CALLERS = MOST_TICKS = 10_000
FROM_WALLET = Funding.WALLET.value

Caller = tuple[UUID, UUID | None]  # a project and a key


class Lease:
    """``amount`` is what its row holds; ``promised`` of that is taken by calls that have no row yet."""

    __slots__ = ("admitted", "amount", "ask", "born", "ends_at", "held", "is_asked_for", "promised", "until")

    def __init__(self, held: Held, ask: HoldAsk, born: float) -> None:
        self.held, self.ask, self.born = held, ask, born
        self.amount = self.promised = self.admitted = 0
        self.until, self.ends_at = 0.0, held.expires_at
        self.is_asked_for = False


class Unwritten(NamedTuple):
    """A call that was admitted on a lease and has no row yet."""

    held: Held
    lease: Lease
    created_at: datetime
    since: float

    def is_due(self, now: float) -> bool:
        """Whether it should have a row: it lasts, or its lease is over and waits for it."""
        return now - self.since >= UNWRITTEN_S or now >= self.lease.until


class Leases:
    """Those of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_caller: dict[Caller, Lease] = {}
        self._unwritten: dict[UUID, Unwritten] = {}
        self._ticks: set[int] = set()  # that are there, and so will always be
        self._asked: dict[Caller, list[float]] = {}  # when callers without a lease asked last
        self._being_made: dict[Caller, float] = {}  # since when a new lease has been asked for
        self._returning: set[Lease] = set()  # that are being ended: nobody is admitted on them any more
        self._unwanted: list[Held] = []  # leases that were made, and have no use
        self._look_at = 0.0

    def __len__(self) -> int:
        return len(self._by_caller)

    @property
    def are_gone(self) -> bool:
        return not (self._by_caller or self._unwritten or self._unwanted)

    # --- any thread -------------------------------------------------------------------------------

    def admit(self, ask: HoldAsk) -> Held | None:
        """A call's hold, cut from its caller's lease; None where there is none, or not enough left in it."""
        if (earlier := self._unwritten.get(ask.request_id)) is not None:  # asked before, and the answer was lost on the way
            return earlier.held
        lease = self._by_caller.get((ask.project_id, ask.api_key_id))
        if lease is None or not _may_be_leased(ask) or ask.price_tick_id not in self._ticks:
            return None
        since, now, of = clock.monotonic(), clock.now(), lease.held
        with self._lock:
            if ask.organization_id != of.organization_id:  # the project has moved
                return None
            if since >= lease.until or now >= lease.ends_at or not 0 <= ask.amount_nanousd <= lease.amount - lease.promised:
                return None
            lease.promised += ask.amount_nanousd
            lease.admitted += 1
            held = Held(
                request_id=ask.request_id,
                organization_id=of.organization_id,
                project_id=of.project_id,
                api_key_id=of.api_key_id,
                wallet_id=of.wallet_id,
                price_tick_id=ask.price_tick_id,
                funding=FROM_WALLET,
                amount_nanousd=ask.amount_nanousd,
                day_key=of.day_key,
                month_key=of.month_key,
                expires_at=now + timedelta(seconds=ask.ttl_s),
            )
            self._unwritten[ask.request_id] = Unwritten(held, lease, now, since)
            return held

    def wanted(self, ask: HoldAsk) -> UUID | None:
        """The lease to be had along with this hold: the caller's own, or a new one for whoever calls often."""
        if not settings.CLOD_LEASES or not _may_be_leased(ask):
            return None
        now, caller = clock.monotonic(), (ask.project_id, ask.api_key_id)
        with self._lock:
            lease = self._by_caller.get(caller)
            if lease is not None:
                return None if lease in self._returning or now - lease.born > OLD_S else lease.held.request_id
            if now - self._being_made.get(caller, -MADE_WITHIN_S) < MADE_WITHIN_S:
                return None
            if len(self._asked) + len(self._being_made) >= MOST_CALLERS:
                self._asked.clear()
                self._being_made.clear()
            lately = self._asked[caller] = [*[then for then in self._asked.get(caller, ()) if now - then < LASTS_S][-ENOUGH:], now]
            if len(lately) <= ENOUGH:
                return None
            del self._asked[caller]
            self._being_made[caller] = now
            return ids.uuid7()

    def end(self, *, organization_id: UUID | None = None, project_id: UUID | None = None, api_key_id: UUID | None = None) -> None:
        """Admit no more on leases of an organization, a project or a key; on none at all where nothing is given."""
        with self._lock:
            for lease in self._by_caller.values():
                held = lease.held
                if all(
                    wanted is None or wanted == given
                    for wanted, given in (
                        (organization_id, held.organization_id),
                        (project_id, held.project_id),
                        (api_key_id, held.api_key_id),
                    )
                ):
                    lease.until = min(lease.until, clock.monotonic())

    # --- the ledger's own thread ------------------------------------------------------------------

    def chores(self) -> list[Operation]:
        """What leases need now: rows for calls that last, renewals, an end. Twenty times a second at most."""
        now = clock.monotonic()
        if now < self._look_at or self.are_gone:
            return []
        self._look_at = now + TICK_S
        with self._lock:
            chores: list[Operation] = [Settle(held, Ending.VOID) for held in self._unwanted]
            self._unwanted.clear()
            chores += [Cut(request_id) for request_id, call in self._unwritten.items() if call.is_due(now)]
            for lease in list(self._by_caller.values()):
                chores += self._chores_of(lease, now)
            return chores

    def _chores_of(self, lease: Lease, now: float) -> list[Operation]:
        if lease in self._returning:
            if now - lease.until > FORGET_S:  # its row was not to be had; the sweeper ends it
                self._forget(lease)
            return []
        if now >= lease.until or clock.now() >= lease.ends_at:
            if lease.promised:
                return []
            lease.until = now
            self._returning.add(lease)
            return [Settle(lease.held, Ending.VOID)]
        if lease.until - now < LASTS_S / 2 and lease.admitted >= ENOUGH and not lease.is_asked_for and now - lease.born < OLD_S:
            lease.is_asked_for = True
            return [Renew(lease.ask, lease.held.request_id)]
        return []

    def unwritten_of(self, batch: Sequence[Operation]) -> dict[UUID, Unwritten]:
        """The calls of a batch that have no row."""
        if not self._unwritten:
            return {}
        found = {}
        with self._lock:
            for operation in batch:
                unwritten = self._unwritten.get(operation.hold_id) if operation.hold_id else None
                if unwritten is not None:
                    found[unwritten.held.request_id] = unwritten
        return found

    def in_doubt(self, asked: Authorise) -> Held | None:
        """The lease a call was to have along with it, where it may have been committed and nobody knows of it."""
        with self._lock:
            made, caller = asked.staged_lease, (asked.ask.project_id, asked.ask.api_key_id)
            self._being_made.pop(caller, None)
            known = self._by_caller.get(caller)
            return made if made is not None and (known is None or known.held.request_id != made.request_id) else None

    def committed(self, batch: Sequence[Operation], rows: "Books", began: float) -> None:
        """What a transaction, begun at that time, has made of leases and of calls on them."""
        if not (rows.unwritten or rows.lent or self._by_caller or self._being_made):
            return
        with self._lock:
            for request_id, unwritten in rows.unwritten.items():
                if self._unwritten.pop(request_id, None) is not None:
                    unwritten.lease.promised -= unwritten.held.amount_nanousd
            for lease in {unwritten.lease for unwritten in rows.unwritten.values()}:
                self._take_over(lease, rows)
            for operation in batch:
                if isinstance(operation, Authorise | Renew) and operation.lease_id is not None:
                    self._lend(operation, operation.lease_id, rows, began)
            for lease in [lease for lease in self._returning if lease.held.request_id in rows.holds]:
                if not rows.holds[lease.held.request_id].is_open:
                    self._forget(lease)

    def _forget(self, lease: Lease) -> None:
        self._returning.discard(lease)
        del self._by_caller[lease.held.project_id, lease.held.api_key_id]

    def _take_over(self, lease: Lease, rows: "Books") -> None:
        row = rows.holds.get(lease.held.request_id)
        lease.amount = row.amount if row is not None and row.is_open else 0

    def _lend(self, operation: "Authorise | Renew", lease_id: UUID, rows: "Books", began: float) -> None:
        """To a lease that is new, or goes on. One whose renewal was refused ends now."""
        ask = operation.ask
        caller = ask.project_id, ask.api_key_id
        lease, lent = self._by_caller.get(caller), rows.lent.get(lease_id)
        self._being_made.pop(caller, None)
        if lent is None:
            if isinstance(operation, Renew) and lease is not None and lease.held.request_id == lease_id:
                lease.until = min(lease.until, began)
            return
        if lease is None:
            lease = self._by_caller[caller] = Lease(lent.held, ask, began)
        if lease.held.request_id != lease_id:  # two were asked for
            self._unwanted.append(lent.held)
        elif lease not in self._returning:
            lease.ask, lease.ends_at, lease.until = ask, lent.ends_at, began + LASTS_S
            lease.admitted, lease.is_asked_for = 0, False
            if len(self._ticks) >= MOST_TICKS:
                self._ticks.clear()
            self._ticks.add(ask.price_tick_id)
            self._take_over(lease, rows)


def _may_be_leased(ask: HoldAsk) -> bool:
    """What a free request may pay for, what may be a repetition and what has other choices is decided on locked rows."""
    return not ask.is_free_model and ask.repeatable is None and not ask.alternatives
