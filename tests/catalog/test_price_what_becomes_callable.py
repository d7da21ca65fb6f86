"""An endpoint that becomes callable has a price at once: nobody waits for the next five minutes."""

from datetime import UTC, datetime, timedelta

import pytest
from celery import signals
from django.test import Client
from django.urls import reverse

from accounts.models import User
from catalog import prices, tasks, versions
from catalog.models import DeliveredPrice, Endpoint, PriceTick, Provider
from clod_site.lib import clock
from tests.admin.test_edit_catalog import NEW_PROVIDER, PROVIDER, change
from tests.gateway import shop
from tests.people import browser

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def office() -> Client:
    return browser(User.objects.create_superuser("olga@example.org", None))


@pytest.fixture
def unpriced() -> Endpoint:
    endpoint: Endpoint = shop.endpoint(shop.model("paris"), "http://127.0.0.1:9", "paris")
    PriceTick.objects.all().delete()
    return endpoint


def test_an_endpoint_without_a_price_follows_the_electricity_that_is_stored(unpriced: Endpoint) -> None:
    amounts = {f"{name}_microusd_per_mwh": 40_000_000 for name in ("wholesale", "delivered", "smoothed")}
    slot = NOON - timedelta(minutes=10)
    row = DeliveredPrice.objects.create(
        data_center=unpriced.data_center, interval_start=slot, reference_microusd_per_mwh=20_000_000, source="demo", **amounts
    )
    version = versions.current()
    assert prices.price_endpoints(NOON) == 1
    tick = PriceTick.objects.get()
    assert (tick.valid_from, tick.delivered_price_id) == (slot, row.pk)
    assert versions.current() == version + 1, "the gateways are told"
    assert prices.price_endpoints(NOON) == 0


def test_an_endpoint_that_has_a_price_keeps_it_until_prices_are_made_again() -> None:
    endpoint = shop.endpoint(shop.model("paris"), "http://127.0.0.1:9", "paris")
    endpoint.model.input_nanousd_per_mtok *= 2
    endpoint.model.save()
    assert prices.price_endpoints(clock.now()) == 0


def test_a_worker_that_starts_prices_what_its_environment_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(tasks.price_endpoints, "apply_async", lambda **_: sent.append("sent"))
    signals.worker_ready.send(sender=None)
    assert sent == ["sent"]


def test_a_key_saved_in_the_admin_opens_its_provider_s_endpoints_with_a_price(office: Client) -> None:
    office.post(NEW_PROVIDER, PROVIDER)
    provider = Provider.objects.get()
    model = shop.model("gpt-4o", category="third_party", energy_weight=0)
    Endpoint.objects.create(model=model, provider=provider, upstream_model="gpt-4o")
    assert not PriceTick.objects.exists()
    office.post(change(provider), PROVIDER | {"credential": "sk-one"})
    assert PriceTick.objects.get().endpoint.provider == provider


def test_switching_an_endpoint_on_gives_it_a_price(office: Client, unpriced: Endpoint) -> None:
    Endpoint.objects.update(active=False)
    office.post(reverse("admin:catalog_endpoint_changelist"), {"action": "switch_on", "_selected_action": unpriced.pk})
    assert PriceTick.objects.get().endpoint == unpriced
