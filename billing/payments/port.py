"""What the rest of billing asks of a payment provider, and the words in which it answers.

PaymentError
├── PaymentDeclined      the provider will not take this payment; the message is for the payer
├── ProviderUnavailable  nobody knows whether it happened: ask again with the same order
└── ForgedEvent          the signature does not fit, is too old, or the body is not an event
"""

from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec

from billing.payment_models import FactKind


class PaymentError(Exception):
    """The message may be shown to the payer."""


class PaymentDeclined(PaymentError):
    pass


class ProviderUnavailable(PaymentError):
    pass


class ForgedEvent(PaymentError):
    pass


class Order(NamedTuple):
    """What a provider is told of a top-up. ``reference`` is its public id: the same one never charges twice."""

    reference: str
    amount_nanousd: int
    email: str
    return_url: str
    cancel_url: str
    saves_method: bool = False
    customer: str = ""


class Saved(NamedTuple):
    """A payer's card that may be charged without them, by the provider's names."""

    customer: str
    method: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a provider says about one payment. Amounts are nano-USD where the currency is ``usd``."""

    id: str
    type: str
    kind: FactKind
    happened_at: datetime
    order: str = ""
    payment: str = ""
    part: str = ""
    amount_nanousd: int = 0
    currency: str = ""
    reason: str = ""
    customer: str = ""
    method: str = ""


class Checkout(NamedTuple):
    """Where the payer goes next; without an address the payment needs no page, and ``event`` says how it went."""

    reference: str
    url: str
    event: Event | None = None


class Payments(Protocol):
    name: str
    label: str  # what a statement calls it
    is_test: bool  # test money is marked wherever it shows
    needs_saved_method: bool

    def open_checkout(self, order: Order) -> Checkout:
        """The page on which the payer pays this order; asked twice, the same page. PaymentDeclined, ProviderUnavailable."""

    def charge_saved(self, order: Order, saved: Saved) -> Event:
        """Charge a saved card without its owner. A card that is declined is an event too. ProviderUnavailable."""

    def read_event(self, body: bytes, signature: str) -> Event:
        """The event in a request to our webhook. ForgedEvent."""
