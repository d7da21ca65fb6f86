"""``money``: a database with the ledger at work, whose books are proved when the test ends."""

from collections.abc import Iterator
from typing import Any

import pytest

from billing import check, ledger
from clod_site.lib import clock
from tests.billing import fake_stripe


@pytest.fixture
def money(ledger_db: None) -> Iterator[None]:
    yield
    ledger.sweep(clock.now())
    assert ledger.stop(10), "the ledger's writer did not finish"
    assert [str(finding) for finding in check.findings()] == []


@pytest.fixture
def stripe(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[fake_stripe.FakeStripe]:
    """Payments go through Stripe, which is a small server on this machine."""
    monkeypatch.setattr("billing.payments.stripe.RETRIES", 0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    settings.CLOD_STRIPE_SECRET_KEY = fake_stripe.API_KEY
    settings.CLOD_STRIPE_WEBHOOK_SECRETS = (fake_stripe.WEBHOOK_SECRET,)
    with fake_stripe.running() as fake:
        settings.CLOD_STRIPE_API_BASE = fake.url
        yield fake
