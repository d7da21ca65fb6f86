"""Payment providers behind one port: ``stripe`` where its keys are set, ``demo`` (test money) in embedded mode, else none.

A new provider is one module with the methods of ``port.Payments``, and a line here.
"""

from django.conf import settings

from billing.payments.port import Payments

__all__ = ["Payments", "current"]


def current() -> Payments | None:
    """The provider that carries new top-ups; None where none is configured: then operators add credit by hand."""
    if settings.CLOD_STRIPE_SECRET_KEY:
        # Its library takes a while to load, which only those who use it should wait for.
        from billing.payments.stripe import StripePayments

        return StripePayments()
    if settings.PRODUCTION:
        return None
    from billing.payments.demo import DemoPayments

    return DemoPayments()
