"""Test money: in embedded mode every payment succeeds at once. It is marked as such everywhere, and production refuses it."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from billing.payment_models import FactKind
from billing.payments.port import Checkout, Event, ForgedEvent, Order, Saved
from clod_site.lib import clock


class DemoPayments:
    name = "demo"
    label = "Test money"
    is_test = True
    needs_saved_method = False

    def __init__(self) -> None:
        if settings.PRODUCTION:
            raise ImproperlyConfigured("test money does not exist in production; set CLOD_STRIPE_SECRET_KEY")

    def open_checkout(self, order: Order) -> Checkout:
        return Checkout("", "", self._paid(order))

    def charge_saved(self, order: Order, saved: Saved) -> Event:
        return self._paid(order)

    def read_event(self, body: bytes, signature: str) -> Event:
        raise ForgedEvent("test money sends no events")

    def _paid(self, order: Order) -> Event:
        return Event(
            id=f"demo:{order.reference}",
            type="demo.paid",
            kind=FactKind.PAID,
            happened_at=clock.now(),
            order=order.reference,
            payment=f"demo:{order.reference}",
            amount_nanousd=order.amount_nanousd,
            currency="usd",
        )
