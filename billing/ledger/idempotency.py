"""A call with an ``Idempotency-Key`` is charged at most once, however often it is sent. Pure functions on locked rows.

A key belongs to the request that was admitted under it. A call that was given back, or interrupted before it cost anything,
has not happened: the key is free again, for the same body or another.
"""

from datetime import datetime, timedelta
from uuid import UUID

from billing import refusals
from billing.ledger.books import Books, Hold, IdempotentCall
from billing.models import Funding, HoldState
from billing.terms import Answered, HoldAsk, Keepsake

KEPT_FOR = timedelta(hours=24)


def earlier_request(books: Books, ask: HoldAsk) -> UUID | None:
    """The request that bears this ask's key so far; its hold has to be locked to decide."""
    call = _call(books, ask)
    return call.request_id if call else None


def earlier_answer(books: Books, ask: HoldAsk, now: datetime) -> Answered | None:
    """What the key's request was answered; None when this ask may be that request. Raises refusals: 409, 410, 422."""
    call = _call(books, ask)
    if call is None or call.request_id is None or call.created_at <= now - KEPT_FOR:
        return None
    hold = books.holds.get(call.request_id)
    if hold is None or _has_not_happened(hold):
        return None
    if ask.repeatable and call.body_digest != ask.repeatable.body_digest:
        raise refusals.IdempotencyKeyReused
    if hold.is_open:
        raise refusals.IdempotentCallRunning(hold.expires_at)
    if call.answer is None:
        raise refusals.IdempotentAnswerGone(hold.id, hold.captured)
    return Answered(hold.id, bytes(call.answer))


def claim(books: Books, ask: HoldAsk, now: datetime) -> None:
    """From now on the key is this request's."""
    call = _call(books, ask)
    if call and ask.repeatable:
        call.body_digest, call.request_id, call.answer, call.created_at = ask.repeatable.body_digest, ask.request_id, None, now
        call.has_changed = True


def keep(books: Books, hold: Hold, keepsake: Keepsake | None) -> None:
    """Keep the answer of a charged call, if the key is still its own."""
    call = books.idempotent_calls.get((hold.project_id, keepsake.key_digest)) if keepsake else None
    if call and keepsake and call.request_id == hold.id and hold.state == HoldState.CAPTURED:
        call.answer, call.has_changed = keepsake.answer, True


def _call(books: Books, ask: HoldAsk) -> IdempotentCall | None:
    return books.idempotent_calls.get((ask.project_id, ask.repeatable.key_digest)) if ask.repeatable else None


def _has_not_happened(hold: Hold) -> bool:
    cost_nothing = hold.funding == Funding.WALLET and hold.captured == 0
    return hold.state == HoldState.VOIDED or (hold.state == HoldState.EXPIRED and cost_nothing)
