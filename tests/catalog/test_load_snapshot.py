"""The gateway's picture of the catalog."""

import pytest
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from catalog import names, prices, snapshot, versions
from catalog.models import DeliveredPrice, Model, PriceTick
from catalog.snapshot import Electricity
from tests.catalog.stock import NODES, NOON, SLOT, ScriptedFeed, hosted, model, third_party

pytestmark = pytest.mark.django_db
NVA, DFW = NODES["nva"], NODES["dfw"]
feed = ScriptedFeed({NVA: 30, DFW: 20})


def test_a_hosted_model_has_a_route_per_data_center_with_its_newest_tick() -> None:
    hosted("nva dfw")
    prices.backfill(NOON, days=1)
    catalog = snapshot.load()
    assert catalog.version == snapshot.version() == versions.current()
    for route in catalog.models["llama"].routes:
        tick = PriceTick.objects.filter(endpoint=route.endpoint_id).latest("valid_from")
        row = DeliveredPrice.objects.filter(data_center__slug=route.data_center).latest("interval_start")
        assert (route.tick.id, route.tick.output_nanousd_per_mtok) == (tick.pk, tick.output_nanousd_per_mtok)
        assert route.electricity == Electricity(row.delivered_microusd_per_mwh, row.smoothed_microusd_per_mwh, 1.25)
        assert (route.base_url, route.credential) == ("http://127.0.0.1:1/v1", "")


def test_a_third_party_route_has_its_credential_and_never_shows_it() -> None:
    third_party()
    prices.backfill(NOON, days=1)
    catalog = snapshot.load()
    (route,) = catalog.models["gpt"].routes
    assert route.credential == "sk-vendor-secret"
    assert (route.electricity, route.tick.fee_basis_points) == (None, 500)
    assert "sk-vendor-secret" not in repr(catalog)
    assert "sk-vendor-secret" not in repr(route)


def test_a_model_without_address_or_without_price_is_known_but_has_no_route() -> None:
    model("lonely")
    nowhere = hosted("nva", slug="nowhere")
    nowhere.endpoints.update(base_url="")
    prices.backfill(NOON, days=1, feed=feed)
    hosted("dfw", slug="unpriced")
    catalog = snapshot.load()
    assert {slug: card.routes for slug, card in catalog.models.items()} == {"lonely": (), "nowhere": (), "unpriced": ()}


def test_what_is_switched_off_is_not_there() -> None:
    made = hosted("nva dfw")
    prices.backfill(NOON, days=1, feed=feed)
    made.endpoints.filter(data_center__slug="nva").update(active=False)
    assert [route.data_center for route in snapshot.load().models["llama"].routes] == ["dfw"]
    Model.objects.update(active=False)
    assert snapshot.load().models == {}


def test_a_card_says_where_its_requests_go() -> None:
    hosted("nva dfw")
    hosted("nva", slug="elsewhere")
    third_party()
    prices.backfill(NOON, days=1, feed=feed)
    assert {slug: card.going_to for slug, card in snapshot.load().models.items()} == {"llama": "dfw", "elsewhere": "nva", "gpt": ""}


def test_every_spelling_leads_to_the_model() -> None:
    hosted("nva")
    catalog = snapshot.load()
    assert {names.resolve(catalog, name).slug for name in ("Llama", "llama", "vendor/llama")} == {"llama"}


def test_a_new_price_changes_the_version() -> None:
    hosted("nva")
    prices.backfill(NOON, days=1, feed=feed)
    before = snapshot.load()
    prices.recompute(NOON + SLOT, feed)
    assert snapshot.version() > before.version
    assert snapshot.load().version == snapshot.version()


def test_loading_takes_as_many_queries_for_many_models_as_for_one(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    hosted("nva dfw")
    prices.backfill(NOON, days=1, feed=feed)
    with django_assert_num_queries(6) as context:
        snapshot.load()
    assert isinstance(context, CaptureQueriesContext)
    for number in range(5):
        hosted("nva dfw", slug=f"llama-{number}")
    third_party()
    prices.recompute(NOON + SLOT, feed)
    with django_assert_num_queries(6):
        assert sum(len(card.routes) for card in snapshot.load().models.values()) == 13


def test_the_version_is_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        assert snapshot.version() == 0
