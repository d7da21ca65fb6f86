"""Each answered request keeps the electricity behind it, at the prices of the moment it was admitted."""

import pytest

from catalog import versions
from catalog.models import DataCenter, DeliveredPrice, Endpoint
from clod_site.lib import clock
from gateway import snapshots
from tests.gateway import shop
from tests.gateway.conftest import Gateway

USD = 10**6
WH = (0.15 * 20 + 0.55 * 7) * 1.6 / 3600  # of the fake upstream's 20 prompt tokens and 7 answered ones, before PUE


@pytest.fixture
def duo(gateway: Gateway) -> Gateway:
    """A model at dfw ($30/MWh, PUE 1.2) and buf ($60, PUE 1.5)."""
    model = shop.model("duo", input_joule_per_token=0.15, output_joule_per_token=0.55)
    for slug, dollars, pue in (("dfw", 30, 1.2), ("buf", 60, 1.5)):
        shop.endpoint(model, gateway.upstream.base_url, "paris", at=slug)
        site = DataCenter.objects.get(slug=slug)
        DataCenter.objects.filter(pk=site.pk).update(pue=pue)
        prices = {"wholesale": 0, "delivered": dollars, "smoothed": dollars + 7, "reference": 50}
        fields = {f"{name}_microusd_per_mwh": value * USD for name, value in prices.items()}
        DeliveredPrice.objects.create(data_center=site, interval_start=clock.now(), source="test", **fields)
    versions.bump()
    snapshots.forget()
    return gateway


@pytest.mark.parametrize("stream", [False, True])
def test_what_it_cost_here_and_at_the_average_site(duo: Gateway, stream: bool) -> None:
    if stream:
        duo.stream("duo")
        row = duo.settled()
    else:
        row = duo.row(duo.complete("duo"))
    assert row.data_center == "dfw"
    assert row.energy_uwh == round(WH * 1.2 * 1e6)
    assert row.electricity_picousd == round(WH * 1.2 * 30 * 1e6)
    assert row.electricity_average_picousd == round(WH * (1.2 * 30 + 1.5 * 60) / 2 * 1e6)


def test_after_a_failover_it_is_that_of_the_site_that_answered(duo: Gateway) -> None:
    Endpoint.objects.filter(data_center__slug="dfw", model__slug="duo").update(upstream_model="error-500")
    versions.bump()
    snapshots.forget()
    row = duo.row(duo.complete("duo"))
    assert (row.data_center, row.attempts) == ("buf", 2)
    assert row.electricity_picousd == round(WH * 1.5 * 60 * 1e6)


def test_nothing_is_claimed_where_it_cannot_be_told(gateway: Gateway) -> None:
    row = gateway.row(gateway.complete("paris"))
    assert (row.energy_uwh, row.electricity_picousd, row.electricity_average_picousd) == (None, None, None)
