"""What a call that has ended costs its client. Pure functions on locked rows; the first settlement of a hold wins."""

from datetime import datetime
from uuid import UUID

from billing.ledger import idempotency, leasing
from billing.ledger.books import Books, FreeDay, Hold, Period, Wallet
from billing.ledger.operations import Ending
from billing.ledger.recording import Record
from billing.models import EntryKind, Funding, HoldState
from billing.terms import Held, Outcome, Settled
from clod_site.lib import ids

LARGEST = 2**63 - 1
REASONS = {Funding.WALLET.value: "API call", Funding.FREE.value: "Free request"}


class UnknownHold(LookupError):
    """A settlement names a hold that was never committed."""


def settle(books: Books, held: Held, ending: Ending, outcome: Outcome | None, now: datetime) -> Settled:
    """The first settlement of a hold wins; whoever comes later is told what that one charged."""
    hold = leasing.hold_of(books, held.request_id)
    if hold is None:
        raise UnknownHold(str(held.request_id))
    wallet = books.wallets[hold.wallet_id]
    if not hold.is_open:
        return Settled(hold.captured, wallet.balance)
    owed = _owed(hold, ending, outcome)
    charged = max(0, min(owed, hold.amount))
    hold.state, hold.captured, hold.settled_at = ending.value, charged, now
    if not hold.is_new:
        books.settled.append(hold)
    periods = books.periods_of(hold) if hold.funding == Funding.WALLET else []
    _release(books, hold, held.organization_id, wallet, periods)
    if ending is not Ending.VOID:
        _charge(books, hold, wallet, periods, charged)
    leasing.give_back(books, hold, charged, wallet, periods)
    if hold.funding == Funding.WALLET and owed > charged:
        books.losses.append((hold.id, min(owed - charged, LARGEST), now))
    _record(books, hold, held.organization_id, outcome, now)
    idempotency.keep(books, hold, outcome.keepsake if outcome else None)
    return Settled(charged, wallet.balance)


def _owed(hold: Hold, ending: Ending, outcome: Outcome | None) -> int:
    if ending is Ending.EXPIRE:
        return hold.checkpoint
    if ending is Ending.VOID or outcome is None:
        return 0
    return outcome.charge_nanousd


def _release(books: Books, hold: Hold, organization_id: UUID, wallet: Wallet, periods: list[Period]) -> None:
    """What was set aside is set aside no more; an unused free request goes back to the day it came from."""
    if hold.funding == Funding.WALLET:
        for period in periods:
            period.release(hold.amount)
        wallet.hold(-hold.amount)
    elif hold.state == HoldState.VOIDED:
        _free_day(books, hold, organization_id).use(-1)


def _free_day(books: Books, hold: Hold, organization_id: UUID) -> FreeDay:
    return books.free_days[organization_id, hold.day_key]


def _charge(books: Books, hold: Hold, wallet: Wallet, periods: list[Period], charged: int) -> None:
    """One usage entry for each captured call, of nothing for a free one. It bears the hold's id: there cannot be two."""
    for period in periods:
        period.spend(charged)
    reason = REASONS[hold.funding] if hold.state == HoldState.CAPTURED else "Interrupted call, up to its last checkpoint"
    books.post(hold.id, wallet, EntryKind.USAGE.value, -charged, ids.public("req", hold.id), reason)


def _record(books: Books, hold: Hold, organization_id: UUID, outcome: Outcome | None, now: datetime) -> None:
    """The request row; a call given back without a word leaves none."""
    if hold.state == HoldState.VOIDED and outcome is None:
        return
    books.attempts += [(hold.id, attempt) for attempt in (outcome.attempts if outcome else ())]
    books.records.append(
        Record(
            request_id=hold.id,
            organization_id=organization_id,
            project_id=hold.project_id,
            api_key_id=hold.api_key_id,
            price_tick_id=hold.price_tick_id,
            paid_by=hold.funding,
            created_at=hold.created_at,
            settled_at=now,
            ending=hold.state,
            charged_nanousd=hold.captured,
            row=outcome.row if outcome else None,
        )
    )


def checkpoint(books: Books, hold_id: UUID, used: int) -> None:
    """A checkpoint only grows, and never beyond its hold; it means nothing once the hold is settled."""
    hold = leasing.hold_of(books, hold_id)
    if hold is not None and hold.is_open and hold.checkpoint < min(used, hold.amount):
        hold.checkpoint = min(used, hold.amount)
        hold.checkpoint_moved = not hold.is_new
