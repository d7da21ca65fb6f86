"""What a payment provider tells us: stored first, acted on once, in whatever order it comes.

Acting means: find the order, compute how it stands from all its events (``standing``), and bring the ledger in line. Each step
may be repeated at any time, so an event that was stored and not acted on (a crash, a database away) is simply acted on again.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from billing import ledger, reversals, standing, telling
from billing.models import AutoTopUp, EntryKind, FactKind, PaymentEvent, TopUp, TopUpState, Wallet
from billing.payments.port import Event, Saved
from clod_site.lib import clock, ids

Row = TypeVar("Row", PaymentEvent, TopUp)
AT_ONCE = 200
REASONS = {"demo": "Test money", "stripe": "Card, through Stripe"}
DISPUTED = "A payment was disputed. Automatic top-ups wait until you resume them."
FAILED = "The payment failed."

log = logging.getLogger("clod.payments")


def receive(provider: str, event: Event) -> TopUp | None:
    """Store the event and act on it; the order it belongs to. An event that was acted on before changes nothing."""
    stored = store(provider, event)
    return stored.top_up if stored.acted_at else act(stored)


def store(provider: str, event: Event) -> PaymentEvent:
    columns = {name: getattr(event, name) for name in event.__struct_fields__ if name != "id"}
    stored, _ = PaymentEvent.objects.get_or_create(provider=provider, event_id=event.id, defaults=columns)
    return stored


def act(event: PaymentEvent) -> TopUp | None:
    """LedgerBusy and LedgerUnavailable leave it to be acted on later."""
    top_up = _order_of(event)
    if top_up is not None:
        settle(judge(top_up.pk))
    PaymentEvent.objects.filter(pk=event.pk).update(acted_at=clock.now())
    return top_up


def act_on_leftovers(now: datetime) -> None:
    """Events that were stored a minute ago and not acted on, and orders whose wallet owes something and has it now."""
    for event in PaymentEvent.objects.filter(acted_at=None, received_at__lt=now - timedelta(minutes=1)).order_by("received_at")[:AT_ONCE]:
        _try(act, event)
    can_pay = Q(organization__wallet__balance_nanousd__gt=F("organization__wallet__held_nanousd"))
    for top_up in TopUp.objects.filter(can_pay, owed_nanousd__gt=0).order_by("created_at")[:AT_ONCE]:
        _try(reversals.settle, top_up)


def saved_card(organization_id: UUID, provider: str) -> Saved | None:
    """The card of the newest payment whose payer let us use it again."""
    paid = PaymentEvent.objects.filter(top_up__organization_id=organization_id, provider=provider, kind=FactKind.PAID)
    newest = paid.exclude(method="").order_by("-happened_at", "-event_id").first()
    return Saved(newest.customer, newest.method) if newest else None


def judge(top_up_id: UUID) -> TopUp:
    """Write down how the order stands. One process at a time for each order."""
    with transaction.atomic():
        top_up = TopUp.objects.select_for_update().get(pk=top_up_id)
        stands, was_paid = standing.of(top_up, top_up.events.all()), top_up.is_paid
        _pause_automatic(top_up, stands)
        if stands.state == TopUpState.REVIEW != top_up.state:
            log.error("%s was paid with another amount or currency than ordered; it is not credited", top_up.public_id)
        top_up.state, top_up.failure = stands.state, stands.failure
        top_up.paid_at = top_up.paid_at or (clock.now() if stands.payment else None)
        top_up.reversed_nanousd = stands.reversed_nanousd
        top_up.save(update_fields=["state", "failure", "paid_at", "reversed_nanousd"])
        if top_up.is_paid and not was_paid:
            telling.of_top_up(top_up)
    return top_up


def settle(top_up: TopUp) -> None:
    """Bring the wallet in line with the order; what other orders owe is taken from what came in."""
    if not top_up.is_paid:
        return
    wallet_id = Wallet.objects.values_list("pk", flat=True).get(organization_id=top_up.organization_id)
    reason = REASONS.get(top_up.provider, top_up.provider)
    ledger.credit(wallet_id, top_up.amount_nanousd, key=top_up.public_id, reason=reason, kind=EntryKind.TOPUP)
    reversals.settle(top_up)
    for other in TopUp.objects.filter(organization_id=top_up.organization_id, owed_nanousd__gt=0).order_by("created_at")[:AT_ONCE]:
        reversals.settle(other)


def _try(deed: Callable[[Row], object], row: Row) -> None:
    """One row's trouble is not another's; it is tried again in a minute."""
    try:
        deed(row)
    except Exception:
        log.exception("%s could not be settled", row)


def _order_of(event: PaymentEvent) -> TopUp | None:
    """By the name of the order, else by that of the payment; events that came before their payment was known are found again."""
    if event.kind == FactKind.OTHER:
        return None
    top_up = _by_order(event) or _by_payment(event)
    if top_up is None:
        return None
    same = Q(pk=event.pk)
    if event.payment:
        same |= Q(provider=event.provider, payment=event.payment, top_up=None)
    PaymentEvent.objects.filter(same).exclude(kind=FactKind.OTHER).update(top_up=top_up)
    return top_up


def _by_order(event: PaymentEvent) -> TopUp | None:
    top_up_id = ids.parse_public("top", event.order)
    return TopUp.objects.filter(pk=top_up_id, provider=event.provider).first() if top_up_id else None


def _by_payment(event: PaymentEvent) -> TopUp | None:
    if not event.payment:
        return None
    known = PaymentEvent.objects.filter(provider=event.provider, payment=event.payment, top_up__isnull=False)
    return TopUp.objects.filter(events__in=known).first()


def _pause_automatic(top_up: TopUp, stands: standing.Standing) -> None:
    """A failed automatic order, or a new dispute, stops further ones until somebody resumes them."""
    reason = ""
    if top_up.is_automatic and stands.state == TopUpState.FAILED != top_up.state:
        reason = stands.failure or FAILED
    elif stands.is_disputed and stands.reversed_nanousd > top_up.reversed_nanousd:
        reason = DISPUTED
    if reason:
        wish = AutoTopUp.objects.filter(organization_id=top_up.organization_id, is_on=True, paused_at=None)
        wish.update(paused_at=clock.now(), paused_reason=reason, paused_told_at=None)
