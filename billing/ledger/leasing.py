"""What a lease may be, what calls cut from it, and what goes back to it. Pure functions on locked rows."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from billing.ledger import leases
from billing.ledger.admission import Today, entitled, held_by, new_hold, thawed, today
from billing.ledger.books import Books, Hold, Lent, Period, Project, Wallet
from billing.models import Funding, HoldState
from billing.terms import HoldAsk

log = logging.getLogger("clod.ledger")

SHARE = 50  # a lease takes one part in so many of what may be set aside: others hardly miss it
MOST_CALLS = 128
LEAST_CALLS = 4  # fewer are not worth it


def lend(books: Books, ask: HoldAsk, lease_id: UUID, now: datetime) -> None:
    """Make a lease, or let it go on with what it lacks. There is none in a poor wallet or near a cap, and none goes on that is of another
    day, of another wallet (its project has moved), or larger by far than what it would be given now: it has a second at most to go.

    Raises the refusals of ``admission.entitled``, and WalletFrozen.
    """
    project = entitled(books, ask, now)
    wallet, dates = thawed(books, project), today(project.calendar, now)
    lease = books.holds.get(lease_id)
    if lease is not None and not (
        lease.is_open and (lease.wallet_id, lease.day_key, lease.month_key) == (wallet.id, dates.day, dates.month)
    ):
        return
    has, room = lease.amount if lease else 0, _room(books, ask, project, wallet, dates)
    share = (has + room) // SHARE
    amount = min(MOST_CALLS * ask.amount_nanousd, share)
    if room < 0 or has > 2 * share or amount < LEAST_CALLS * ask.amount_nanousd:
        return
    if lease is None:
        lease = books.open(new_hold(lease_id, ask, wallet, dates, Funding.WALLET, 0, now, is_lease=True))
    _grow(lease, max(0, amount - has), wallet, books.periods_of(lease))
    of_key = books.keys[ask.api_key_id].expires_at if ask.api_key_id else None
    ends_at = min(now + timedelta(seconds=leases.LASTS_S), lease.expires_at, dates.day_ends, of_key or dates.day_ends)
    books.lent[lease_id] = Lent(held_by(lease, ask.organization_id), ends_at)


def _room(books: Books, ask: HoldAsk, project: Project, wallet: Wallet, dates: Today) -> int:
    """The most that may be set aside by now, under the wallet and all caps; negative where a cap was lowered below what is spent."""
    room = wallet.available
    for capped in (project, books.keys[ask.api_key_id]) if ask.api_key_id else (project,):
        for period, cap in ((dates.day, capped.daily_cap), (dates.month, capped.monthly_cap)):
            if cap is not None:
                room = min(room, books.periods[capped.id, period].left(cap))
    return room


def hold_of(books: Books, request_id: UUID) -> Hold | None:
    """A call's hold. That of a call without a row is cut from its lease, here and now.

    Should the lease be gone (the sweeper ended it while our database was away), it holds nothing, and what the call cost is CLōD's loss.
    """
    hold, unwritten = books.holds.get(request_id), books.unwritten.get(request_id)
    if hold is not None or unwritten is None:
        return hold
    held, lease = unwritten.held, books.holds.get(unwritten.lease.held.request_id)
    amount = min(held.amount_nanousd, lease.amount) if lease is not None and lease.is_open else 0
    if lease is not None and amount:
        lease.grow(-amount)
    if amount < held.amount_nanousd:
        log.error("request %s holds %d of %d nano-dollars: its lease has no more", request_id, amount, held.amount_nanousd)
    return books.open(
        Hold(
            id=request_id,
            cut_from=lease if amount else None,
            wallet_id=held.wallet_id,
            project_id=held.project_id,
            api_key_id=held.api_key_id,
            price_tick_id=held.price_tick_id,
            funding=held.funding,
            amount=amount,
            checkpoint=0,
            state=HoldState.OPEN.value,
            day_key=held.day_key,
            month_key=held.month_key,
            created_at=unwritten.created_at,
            expires_at=held.expires_at,
            settled_at=None,
            captured=0,
        )
    )


def give_back(books: Books, hold: Hold, charged: int, wallet: Wallet, periods: list[Period]) -> None:
    """What a settled call did not use goes back to the lease it was cut from just now. It is set aside again, so nothing is exceeded."""
    if hold.cut_from is not None:
        _grow(hold.cut_from, hold.amount - charged, wallet, periods)


def _grow(lease: Hold, amount: int, wallet: Wallet, periods: list[Period]) -> None:
    lease.grow(amount)
    wallet.hold(amount)
    for period in periods:
        period.hold(amount)
