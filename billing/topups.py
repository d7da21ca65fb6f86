"""Orders to fill a wallet: made once for each Idempotency-Key, carried by the payment provider, paid when the provider says so."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.access import MANAGERS
from accounts.models import Membership
from billing import payment_events, payments
from billing.models import TopUp, TopUpState
from billing.payment_models import UNDECIDED
from billing.payments.port import Order, PaymentDeclined, Payments, ProviderUnavailable
from billing.top_up_refusals import BadAmount, Declined, KeyMissing, KeyUsed, NotConfigured, NotYours, TooMany, Unreachable
from clod_site.lib import clock, ids
from clod_site.lib.money import format_usd, usd

MOST_UNDECIDED = 20
PAGE = 50
GIVEN_UP_AFTER = timedelta(hours=25)  # a payment page lives for 24 hours
_AMOUNT = re.compile(r"\$?([0-9]{1,7}(?:\.[0-9]{1,2})?)")
_KEY = re.compile(r"[!-~]{1,80}")


class Offer(NamedTuple):
    """What the dialog shows. Amounts are nano-USD by what the form sends for them."""

    amounts: dict[str, int]
    least_nanousd: int
    most_nanousd: int
    key: str


class Page(NamedTuple):
    rows: list[TopUp]
    next_cursor: str


class Wish(NamedTuple):
    """What somebody wants to order."""

    amount_nanousd: int
    key: str
    saves_method: bool = False


def read(amount: str, key: str, *, saves_method: bool = False) -> Wish:
    """An order as a form or a program writes it. BadAmount, KeyMissing."""
    if not _KEY.fullmatch(key):
        raise KeyMissing(
            "Send an Idempotency-Key of 1 to 80 visible ASCII characters, a new one for each order: "
            "then sending an order twice charges it once.",
            param="Idempotency-Key",
        )
    return Wish(amount_of(amount), key, saves_method)


def amount_of(text: str) -> int:
    """Whole cents within the limits of the installation. BadAmount."""
    amount, (least, most) = _dollars(text), _limits()
    if amount is None or not least <= amount <= most:
        raise BadAmount(f"Give an amount from {format_usd(least)} to {format_usd(most)} in dollars and cents, like 25.00.", param="amount")
    return amount


def threshold_of(text: str) -> int:
    """When to top up by itself: more than nothing, and no more than the largest top-up. BadAmount."""
    amount, (_, most) = _dollars(text), _limits()
    if not amount or amount > most:
        raise BadAmount(f"Give a threshold of up to {format_usd(most)} in dollars and cents, like 5.00.", param="threshold")
    return amount


def offer(membership: Membership) -> Offer | None:
    """None for those who may not order, and where no provider is configured."""
    if membership.role not in MANAGERS or payments.current() is None:
        return None
    return Offer({str(amount): usd(amount) for amount in settings.CLOD_TOP_UP_AMOUNTS_USD}, *_limits(), _form_key(membership))


def page(organization_id: UUID, *, cursor: str = "") -> Page:
    """An organization's orders, newest first; those older than the cursor's."""
    rows = TopUp.objects.filter(organization_id=organization_id).select_related("actor").order_by("-id")
    last = ids.parse_public("top", cursor)
    found = list((rows.filter(id__lt=last) if last else rows)[: PAGE + 1])
    return Page(found[:PAGE], found[PAGE - 1].public_id if len(found) > PAGE else "")


def order(membership: Membership, wish: Wish) -> tuple[TopUp, bool]:
    """The order of this key, and whether it is new. Where the payer must go is its ``checkout_url``; none when it is decided."""
    _require(membership)
    provider = payments.current()
    if provider is None:
        raise NotConfigured("Top-ups are not configured here. Write to support to have credit added.")
    top_up, is_new = _place(membership, wish, provider)
    if (top_up.amount_nanousd, top_up.saves_method) != (wish.amount_nanousd, wish.saves_method):
        raise KeyUsed(
            f"An order of {format_usd(top_up.amount_nanousd)} was made from this form already. Reload the Billing page to make another; "
            "a program uses a new Idempotency-Key.",
            param="Idempotency-Key",
        )
    if top_up.state == TopUpState.PENDING and not top_up.checkout_url and top_up.provider == provider.name:
        top_up = _begin(top_up, provider, membership)
    return top_up, is_new


def expire(now: datetime) -> int:
    """Orders nobody has paid within their page's life, and that no event has decided. One that is paid after all is credited."""
    old = TopUp.objects.filter(state=TopUpState.PENDING, is_automatic=False, created_at__lt=now - GIVEN_UP_AFTER)
    return old.update(state=TopUpState.EXPIRED)


def described(top_up: TopUp, email: str, customer: str = "") -> Order:
    """The order as its provider is told of it."""
    page = f"{settings.CLOD_BASE_URL}/billing/top-ups/{top_up.public_id}"
    return Order(top_up.public_id, top_up.amount_nanousd, email, page, f"{page}/cancelled", top_up.saves_method, customer)


def _form_key(membership: Membership) -> str:
    """The key of the next order of this person: the same in all their tabs until they have ordered."""
    orders = TopUp.objects.filter(organization_id=membership.organization_id, actor_id=membership.user_id, is_automatic=False)
    latest = orders.order_by("-id").values_list("pk", flat=True).first()
    return f"form:{membership.user_id}:{ids.public('top', latest) if latest else 'first'}"


def _limits() -> tuple[int, int]:
    return usd(settings.CLOD_TOP_UP_MIN_USD), usd(settings.CLOD_TOP_UP_MAX_USD)


def _dollars(text: str) -> int | None:
    written = _AMOUNT.fullmatch(text.strip().replace(",", ""))
    return usd(written[1]) if written else None


def _require(membership: Membership) -> None:
    if membership.role not in MANAGERS:
        raise NotYours("Only an owner or admin of this organization can top up its wallet. Ask one of them.")
    if membership.organization.suspended_at:
        why = membership.organization.suspended_reason
        raise NotYours(
            f"This organization is suspended, so it takes no payment.{f' {why}' if why else ''} Write to support to have it opened again."
        )


def _place(membership: Membership, wish: Wish, provider: Payments) -> tuple[TopUp, bool]:
    mine = TopUp.objects.filter(organization_id=membership.organization_id)
    found = mine.filter(idempotency_key=wish.key).first()
    if found:
        return found, False
    if mine.filter(state__in=UNDECIDED, created_at__gt=clock.now() - GIVEN_UP_AFTER).count() >= MOST_UNDECIDED:
        raise TooMany(f"{MOST_UNDECIDED} top-ups wait to be paid. Finish one under Billing › Top-ups, or come back tomorrow.")
    try:
        with transaction.atomic():
            return mine.create(
                organization_id=membership.organization_id,
                actor_id=membership.user_id,
                provider=provider.name,
                idempotency_key=wish.key,
                amount_nanousd=wish.amount_nanousd,
                saves_method=wish.saves_method,
            ), True
    except IntegrityError:  # another tab was faster
        return mine.get(idempotency_key=wish.key), False


def _begin(top_up: TopUp, provider: Payments, membership: Membership) -> TopUp:
    """Two that begin the same order get the same page: the provider knows the order by its name."""
    card = payment_events.saved_card(top_up.organization_id, provider.name)
    try:
        checkout = provider.open_checkout(described(top_up, membership.user.email, customer=card.customer if card else ""))
    except ProviderUnavailable as error:
        raise Unreachable(str(error), retry_after_s=5) from None
    except PaymentDeclined as error:
        TopUp.objects.filter(pk=top_up.pk, state=TopUpState.PENDING).update(state=TopUpState.FAILED, failure=str(error)[:200])
        raise Declined(str(error)) from None
    TopUp.objects.filter(pk=top_up.pk).update(checkout=checkout.reference, checkout_url=checkout.url)
    if checkout.event:
        payment_events.receive(provider.name, checkout.event)
    top_up.refresh_from_db()
    return top_up
