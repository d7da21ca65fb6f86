"""How an order stands, computed from all that its provider has said. Pure, and blind to the order in which it was said."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from billing.payment_models import FactKind, PaymentEvent, TopUp, TopUpState


class Standing(NamedTuple):
    """``reversed_nanousd`` is what the payer has back, or has had taken from us by a dispute: at most what was paid."""

    state: TopUpState
    payment: PaymentEvent | None
    reversed_nanousd: int
    is_disputed: bool
    failure: str


def of(top_up: TopUp, events: Collection[PaymentEvent]) -> Standing:
    """Paid once any event pays exactly what was ordered; whatever else is said about the order comes after that."""
    said = {kind: [event for event in events if event.kind == kind] for kind in FactKind}
    payments = [event for event in said[FactKind.PAID] if _is_what_was_ordered(top_up, event)]
    paid = min(payments, key=lambda event: (event.happened_at, event.event_id), default=None)
    failures = said[FactKind.FAILED] + (said[FactKind.ATTEMPT_FAILED] if top_up.is_automatic else [])
    disputed = _alive(said[FactKind.DISPUTE], said[FactKind.DISPUTE_UNDONE])
    return Standing(
        state=_state(top_up, said, is_paid=bool(paid), has_failed=bool(failures)),
        payment=paid,
        reversed_nanousd=min(_refunded(said) + disputed, top_up.amount_nanousd) if paid else 0,
        is_disputed=disputed > 0,
        failure="" if paid else max((event.reason for event in failures), default=""),
    )


def _is_what_was_ordered(top_up: TopUp, event: PaymentEvent) -> bool:
    return (event.amount_nanousd, event.currency) == (top_up.amount_nanousd, top_up.currency)


def _state(top_up: TopUp, said: dict[FactKind, list[PaymentEvent]], *, is_paid: bool, has_failed: bool) -> TopUpState:
    if is_paid:
        return TopUpState.PAID
    if said[FactKind.PAID]:
        return TopUpState.REVIEW
    if has_failed:
        return TopUpState.FAILED
    if said[FactKind.EXPIRED]:
        return TopUpState.EXPIRED
    return TopUpState.PROCESSING if said[FactKind.PROCESSING] else TopUpState(top_up.state)


def _refunded(said: dict[FactKind, list[PaymentEvent]]) -> int:
    """Refunds that live; or the provider's running total less those that came to nothing, where that is more."""
    undone = said[FactKind.REFUND_UNDONE]
    total = max((_dollars(event) for event in said[FactKind.REFUNDED_TOTAL]), default=0)
    return max(_alive(said[FactKind.REFUND], undone), total - _sum_of_parts(undone))


def _alive(done: Iterable[PaymentEvent], undone: Iterable[PaymentEvent]) -> int:
    gone = {event.part for event in undone}
    return _sum_of_parts(event for event in done if event.part not in gone)


def _sum_of_parts(events: Iterable[PaymentEvent]) -> int:
    """Each refund or dispute once, however often it was told of."""
    parts: dict[str, int] = {}
    for event in events:
        parts[event.part] = max(parts.get(event.part, 0), _dollars(event))
    return sum(parts.values())


def _dollars(event: PaymentEvent) -> int:
    return event.amount_nanousd if event.currency == "usd" and event.amount_nanousd > 0 else 0
