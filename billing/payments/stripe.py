"""Stripe: Checkout for people, saved cards for automatic top-ups, signed webhooks for what really happened.

We never see a card. Stripe's own idempotency key is our order's name, so an order asked for twice is one payment there too.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import stripe
from django.conf import settings

from billing.payments import stripe_events
from billing.payments.port import Checkout, Event, ForgedEvent, Order, PaymentDeclined, ProviderUnavailable, Saved
from billing.payments.stripe_events import NANO_PER_CENT

TIMEOUT_S = 10
RETRIES = 2
TOLERANCE_S = 300
UNREACHABLE = "The payment provider could not be reached. Nothing was charged; try again in a moment."
NOT_TAKEN = "The payment provider did not take this order. Nothing was charged; write to support."

log = logging.getLogger("clod.payments")


class StripePayments:
    name = "stripe"
    label = "Card, through Stripe"
    is_test = False
    needs_saved_method = True

    def open_checkout(self, order: Order) -> Checkout:
        session = _ask(lambda client: client.v1.checkout.sessions.create(_session(order), options=_once(order)))
        return Checkout(session.id, session.url)

    def charge_saved(self, order: Order, saved: Saved) -> Event:
        try:
            intent = _ask(lambda client: client.v1.payment_intents.create(_intent(order, saved), options=_once(order)))
        except _Declined as declined:
            return stripe_events.declined(order.reference, declined.payment, str(declined))
        return stripe_events.read(stripe_events.of_answer(intent.to_dict()))

    def read_event(self, body: bytes, signature: str) -> Event:
        if not any(_is_signed(body, signature, secret) for secret in settings.CLOD_STRIPE_WEBHOOK_SECRETS):
            raise ForgedEvent("the signature does not fit, or is too old")
        try:
            return stripe_events.parse(body)
        except (ValueError, RecursionError) as error:
            raise ForgedEvent("this is not an event") from error


class _Declined(PaymentDeclined):
    def __init__(self, message: str, payment: str) -> None:
        super().__init__(message)
        self.payment = payment


def _session(order: Order) -> Any:
    metadata = {"top_up": order.reference}
    payment: dict[str, Any] = {"metadata": metadata}
    price = {"currency": "usd", "unit_amount": order.amount_nanousd // NANO_PER_CENT, "product_data": {"name": "CLōD wallet top-up"}}
    payer: dict[str, Any] = {"customer": order.customer} if order.customer else {"customer_email": order.email}
    if order.saves_method:
        payment["setup_future_usage"] = "off_session"
        if not order.customer:
            payer["customer_creation"] = "always"
    return {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "client_reference_id": order.reference,
        "metadata": metadata,
        "payment_intent_data": payment,
        "success_url": order.return_url,
        "cancel_url": order.cancel_url,
        **payer,
    }


def _intent(order: Order, saved: Saved) -> Any:
    return {
        "amount": order.amount_nanousd // NANO_PER_CENT,
        "currency": "usd",
        "customer": saved.customer,
        "payment_method": saved.method,
        "off_session": True,
        "confirm": True,
        "metadata": {"top_up": order.reference},
    }


def _once(order: Order) -> Any:
    return {"idempotency_key": order.reference}


def _ask(question: Callable[[Any], Any]) -> Any:
    """Stripe's answer; its errors in our words, without what it said about keys or requests."""
    with _client() as client:
        try:
            return question(client)
        except stripe.CardError as error:
            raise _Declined(error.user_message or "The card was declined.", _payment_of(error)) from None
        except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
            log.warning("Stripe could not be asked: %s", type(error).__name__)
            raise ProviderUnavailable(UNREACHABLE) from None
        except stripe.StripeError as error:
            log.error("Stripe refused: %s %s, request %s", type(error).__name__, error.code, error.request_id)
            raise _Declined(NOT_TAKEN, "") from None


@contextmanager
def _client() -> Iterator[Any]:
    """A client for one question: they are rare, and nothing stays open."""
    base = {"api": settings.CLOD_STRIPE_API_BASE} if settings.CLOD_STRIPE_API_BASE else None
    with requests.Session() as session:
        http = stripe.RequestsClient(timeout=TIMEOUT_S, session=session)
        yield stripe.StripeClient(settings.CLOD_STRIPE_SECRET_KEY, http_client=http, base_addresses=base, max_network_retries=RETRIES)


def _payment_of(error: Any) -> str:
    """The declined payment, so that later events about it find their order."""
    intent = ((error.json_body or {}).get("error") or {}).get("payment_intent") or {}
    return str(intent.get("id") or "")


def _is_signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_S)
    except (stripe.SignatureVerificationError, ValueError, TypeError):  # the latter two: bytes and characters no signature has
        return False
    return True
