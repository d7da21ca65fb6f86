"""Automatic top-ups: a wallet that can spend less than its owner's threshold orders the amount they chose.

At most one order of an organization is under way, which the database itself holds. A failure pauses them until somebody
resumes them. An order of which nobody knows whether it was charged is asked for again by its own name, which cannot
charge twice; after an hour it counts as failed, and is credited all the same should it have been paid.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from accounts.access import MANAGERS, require
from accounts.models import Membership
from billing import payment_events, payments, topups
from billing.models import AutoTopUp, FactKind, PaymentEvent, TopUp, TopUpState, Wallet
from billing.payment_models import UNDECIDED
from billing.payments.port import Event, Payments, ProviderUnavailable, Saved
from clod_site.lib import clock, ids
from clod_site.lib.refusal import Refusal

AT_ONCE = 200
MOST_A_DAY = 10
ASKED_AGAIN_FOR = timedelta(hours=1)
UNKNOWN = "The payment provider could not be reached for an hour."
TOO_OFTEN = f"It ran {MOST_A_DAY} times in 24 hours. Check what spends so much, or choose a larger amount."
NO_CARD = Saved("", "")

log = logging.getLogger("clod.payments")


def wish(membership: Membership, *, is_on: bool, threshold_nanousd: int, amount_nanousd: int) -> AutoTopUp:
    """Set what the organization wants; this also resumes what was paused. Owners and admins only: PermissionDenied."""
    require(membership, MANAGERS, "change automatic top-ups")
    columns = {"is_on": is_on, "threshold_nanousd": threshold_nanousd, "amount_nanousd": amount_nanousd}
    resumed = {"paused_at": None, "paused_reason": "", "paused_told_at": None}
    changed = {"changed_by_id": membership.user_id, "changed_at": clock.now()}
    wanted, _ = AutoTopUp.objects.update_or_create(organization_id=membership.organization_id, defaults=columns | resumed | changed)
    return wanted


def run(now: datetime) -> int:
    """Order for every wallet that is low, ask again for what is unknown; how many were asked for."""
    provider = payments.current()
    if provider is None:
        return 0
    asked = [*_unknown(provider, now), *_new(provider)]
    for top_up in asked:
        _carry_out(top_up, provider, now)
    return len(asked)


def _unknown(provider: Payments, now: datetime) -> list[TopUp]:
    """Orders that were made and not answered; a minute old, so that nobody else is still asking."""
    waiting = TopUp.objects.filter(is_automatic=True, state=TopUpState.PENDING, provider=provider.name)
    return list(waiting.filter(created_at__lt=now - timedelta(minutes=1)).order_by("created_at")[:AT_ONCE])


def _new(provider: Payments) -> Iterator[TopUp]:
    for wanted in _low_wallets()[:AT_ONCE]:
        if provider.needs_saved_method and not payment_events.saved_card(wanted.organization_id, provider.name):
            continue
        top_up = _place(wanted, provider)
        if top_up:
            yield top_up


def _low_wallets() -> QuerySet[AutoTopUp]:
    """Wishes of organizations that can spend less than they want to, and have no automatic order under way."""
    wallets = Wallet.objects.filter(organization_id=OuterRef("organization_id"), frozen_at=None)
    available = Subquery(wallets.annotate(available=F("balance_nanousd") - F("held_nanousd")).values("available"))
    undecided = TopUp.objects.filter(is_automatic=True, state__in=UNDECIDED).values("organization_id")
    not_credited = PaymentEvent.objects.filter(acted_at=None, top_up__is_automatic=True).values("top_up__organization_id")
    wanted = AutoTopUp.objects.filter(is_on=True, paused_at=None, organization__suspended_at=None)
    low = wanted.annotate(available=available).filter(available__lt=F("threshold_nanousd"))
    return low.exclude(organization_id__in=undecided).exclude(organization_id__in=not_credited).order_by("changed_at")


def _place(wanted: AutoTopUp, provider: Payments) -> TopUp | None:
    """The order; None when another process has made one, or has filled the wallet, since it was found to be low."""
    with transaction.atomic():
        AutoTopUp.objects.select_for_update().get(pk=wanted.pk)
        if not _low_wallets().filter(pk=wanted.pk).exists() or _runs_too_often(wanted):
            return None
        return TopUp.objects.create(
            organization_id=wanted.organization_id,
            actor_id=wanted.changed_by_id,
            provider=provider.name,
            idempotency_key=f"auto:{ids.uuid7()}",
            amount_nanousd=wanted.amount_nanousd,
            is_automatic=True,
        )


def _runs_too_often(wanted: AutoTopUp) -> bool:
    """A threshold far above the amount, or a program out of control, must not empty a bank account: it pauses."""
    now = clock.now()
    orders = TopUp.objects.filter(organization_id=wanted.organization_id, is_automatic=True)
    if orders.filter(created_at__gt=max(now - timedelta(days=1), wanted.changed_at)).count() < MOST_A_DAY:
        return False
    AutoTopUp.objects.filter(pk=wanted.pk).update(paused_at=now, paused_reason=TOO_OFTEN, paused_told_at=None)
    return True


def _carry_out(top_up: TopUp, provider: Payments, now: datetime) -> None:
    """One order's trouble is not another's."""
    try:
        payment_events.receive(provider.name, _charge(top_up, provider))
    except ProviderUnavailable as error:
        log.warning("%s: %s", top_up.public_id, error)
        if top_up.created_at < now - ASKED_AGAIN_FOR:
            payment_events.receive(provider.name, _given_up(top_up, UNKNOWN, now))
    except Refusal as refusal:  # the ledger is away: the event is stored, and acted on later
        log.warning("%s: %s", top_up.public_id, refusal.message)


def _charge(top_up: TopUp, provider: Payments) -> Event:
    saved = payment_events.saved_card(top_up.organization_id, provider.name) or NO_CARD
    return provider.charge_saved(topups.described(top_up, email=""), saved)


def _given_up(top_up: TopUp, reason: str, now: datetime) -> Event:
    return Event(
        id=f"given-up:{top_up.public_id}", type="given_up", kind=FactKind.FAILED, happened_at=now, order=top_up.public_id, reason=reason
    )
