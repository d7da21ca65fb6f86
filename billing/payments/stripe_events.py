"""Stripe's events in our words. Pure: bytes or dicts in, ``port.Event`` out; what we do not act on is of kind OTHER.

A refund or dispute has its own name, so that what is said about it later can be told from what is said about another.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from billing.ledger.cleaning import storable
from billing.payment_models import FactKind
from billing.payments.port import Event
from clod_site.lib import clock
from clod_site.lib.money import NANO

NANO_PER_CENT = NANO // 100
LARGEST = 2**63 - 1
Facts = dict[str, Any]


def parse(body: bytes) -> Event:
    """ValueError when the body is not an event."""
    event = json.loads(body)
    if not (isinstance(event, dict) and isinstance(event.get("id"), str) and isinstance(event.get("type"), str)):
        raise ValueError("an event has an id and a type")
    return read(event)


def read(event: dict[str, Any]) -> Event:
    data = event.get("data")
    subject = data.get("object") if isinstance(data, dict) else None
    reader = _READERS.get(event["type"])
    facts = reader(subject) if reader and isinstance(subject, dict) else None
    return Event(id=_text(event["id"], 120), type=_text(event["type"], 80), happened_at=_instant(event.get("created")), **(facts or _OTHER))


def of_answer(intent: dict[str, Any]) -> dict[str, Any]:
    """The answer to a charge as the event it will also send: whichever comes first counts, the other changes nothing."""
    status = intent.get("status")
    what = status if status in {"succeeded", "processing"} else "payment_failed"
    name = f"answer:{intent.get('id')}:{status}"
    return {"id": name, "type": f"payment_intent.{what}", "created": clock.now().timestamp(), "data": {"object": intent}}


def declined(order: str, payment: str, reason: str) -> Event:
    return Event(
        id=f"declined:{order}",
        type="payment_intent.payment_failed",
        kind=FactKind.ATTEMPT_FAILED,
        happened_at=clock.now(),
        order=order,
        payment=payment,
        reason=reason[:200],
    )


def _session(session: dict[str, Any]) -> Facts:
    """A completed session is paid only when it says so; with some ways to pay, the money comes days later."""
    kind = FactKind.PAID if session.get("payment_status") == "paid" else FactKind.PROCESSING
    return _of_session(kind, session)


def _session_is(kind: FactKind) -> Callable[[dict[str, Any]], Facts]:
    return lambda session: _of_session(kind, session)


def _of_session(kind: FactKind, session: dict[str, Any]) -> Facts:
    order = _text(session.get("client_reference_id")) or _order(session)
    return {"kind": kind, "order": order, "payment": _name(session.get("payment_intent"))} | _money(session, "amount_total")


def _paid_intent(intent: dict[str, Any]) -> Facts:
    facts = _of_intent(FactKind.PAID, intent) | _money(intent, "amount_received")
    if intent.get("setup_future_usage") == "off_session":
        facts |= {"customer": _name(intent.get("customer")), "method": _name(intent.get("payment_method"))}
    return facts


def _intent_is(kind: FactKind) -> Callable[[dict[str, Any]], Facts]:
    return lambda intent: _of_intent(kind, intent)


def _of_intent(kind: FactKind, intent: dict[str, Any]) -> Facts:
    error = intent.get("last_payment_error")
    reason = _text(error.get("message"), 200) if isinstance(error, dict) else ""
    return {"kind": kind, "order": _order(intent), "payment": _name(intent.get("id")), "reason": reason}


def _charge(charge: dict[str, Any]) -> Facts:
    facts = {"kind": FactKind.REFUNDED_TOTAL, "order": _order(charge), "payment": _name(charge.get("payment_intent"))}
    return facts | _money(charge, "amount_refunded")


def _refund(refund: dict[str, Any]) -> Facts:
    kind = FactKind.REFUND_UNDONE if refund.get("status") in {"failed", "canceled"} else FactKind.REFUND
    return {"kind": kind, "payment": _name(refund.get("payment_intent")), "part": _name(refund.get("id"))} | _money(refund, "amount")


def _dispute(dispute: dict[str, Any]) -> Facts:
    """Stripe takes the money when a dispute opens and returns it when it is won. A warning (an inquiry) moves nothing."""
    status = _text(dispute.get("status"))
    if status.startswith("warning_") or status == "prevented":
        return _OTHER
    return _of_dispute(FactKind.DISPUTE_UNDONE if status == "won" else FactKind.DISPUTE, dispute)


def _dispute_is(kind: FactKind) -> Callable[[dict[str, Any]], Facts]:
    return lambda dispute: _of_dispute(kind, dispute)


def _of_dispute(kind: FactKind, dispute: dict[str, Any]) -> Facts:
    facts = {"kind": kind, "payment": _name(dispute.get("payment_intent")), "part": _name(dispute.get("id"))}
    return facts | {"reason": _text(dispute.get("reason"), 200)} | _money(dispute, "amount")


_OTHER: Facts = {"kind": FactKind.OTHER}
_READERS: dict[str, Callable[[dict[str, Any]], Facts]] = {
    "checkout.session.completed": _session,
    "checkout.session.async_payment_succeeded": _session,
    "checkout.session.async_payment_failed": _session_is(FactKind.FAILED),
    "checkout.session.expired": _session_is(FactKind.EXPIRED),
    "payment_intent.succeeded": _paid_intent,
    "payment_intent.processing": _intent_is(FactKind.PROCESSING),
    "payment_intent.payment_failed": _intent_is(FactKind.ATTEMPT_FAILED),
    "payment_intent.canceled": _intent_is(FactKind.FAILED),
    "charge.refunded": _charge,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.refund.updated": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute_is(FactKind.DISPUTE),
    "charge.dispute.funds_reinstated": _dispute_is(FactKind.DISPUTE_UNDONE),
}


def _money(subject: dict[str, Any], column: str) -> Facts:
    """Stripe counts in cents. What is no plausible amount becomes −1, which no order is equal to."""
    cents = subject.get(column)
    amount = cents * NANO_PER_CENT if isinstance(cents, int) and 0 <= cents <= LARGEST // NANO_PER_CENT else -1
    return {"amount_nanousd": amount, "currency": _text(subject.get("currency"), 3).lower()}


def _order(subject: dict[str, Any]) -> str:
    metadata = subject.get("metadata")
    return _text(metadata.get("top_up"), 40) if isinstance(metadata, dict) else ""


def _name(value: Any) -> str:
    """An id, or the id of an object that was sent along in full."""
    return _text(value.get("id"), 120) if isinstance(value, dict) else _text(value, 120)


def _text(value: Any, longest: int = 40) -> str:
    return storable(value, longest) if isinstance(value, str) else ""


def _instant(seconds: Any) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return clock.now()
