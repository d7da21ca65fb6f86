"""The Models pages: open to everybody, honest about what can be called, in step with the grid."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from catalog import prices, versions
from catalog.energy import tariff
from catalog.models import DataCenter, Model, RoutedSite
from catalog.pages import kept, market
from clod_site.lib import clock
from clod_site.lib.money import usd
from tests.catalog import stock
from tests.people import browser

CHEAP, DEAR = 10.0, 90.0
FEED = {stock.NODES["nva"]: DEAR, stock.NODES["dfw"]: CHEAP, stock.NODES["okc"]: DEAR}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now_stays_now")]


def priced(days: float = stock.TWO_HOURS, **fields: Any) -> Model:
    """A hosted model at three sites whose electricity has been as in FEED for hours."""
    made = stock.hosted(**fields)
    prices.backfill(clock.now(), days, stock.ScriptedFeed(FEED))
    return made


def listed(query: str = "") -> list[str]:
    answer = Client().get(f"/models?{query}")
    assert answer.status_code == 200
    return re.findall(r'name="m" value="([^"]+)"', answer.content.decode())


def test_a_visitor_and_a_member_see_the_market(alice: Any) -> None:
    priced()
    for visit in (browser(), browser(alice)):
        page = visit.get("/models").content.decode()
        assert "Llama" in page
        assert "available" in page


def test_the_price_is_the_one_at_the_cheapest_site_now() -> None:
    priced(days=1)
    [row] = market.rows()
    assert row.offers[0].endpoint.data_center.slug == "dfw"
    assert row.offers[0].tick is not None
    assert row.output_nanousd_per_mtok == row.offers[0].tick.output_nanousd_per_mtok < stock.LIST_OUT
    assert (
        row.delta
        == row.offers[0].tick.multiplier_ppm / tariff.PPM - 1
        == pytest.approx(row.output_nanousd_per_mtok / stock.LIST_OUT - 1, abs=1e-3)
    )
    assert len(row.routed.ppm) > 40


def test_a_model_without_a_server_is_listed_as_not_available_with_its_price() -> None:
    made = priced()
    made.endpoints.update(base_url="")
    [row] = market.rows()
    assert not row.is_available
    assert row.output_nanousd_per_mtok < stock.LIST_OUT
    page = Client().get("/models/llama").content.decode()
    assert "not available here" in page
    assert "no server address" in page
    assert "Try in Studio" not in page


def test_a_provider_without_a_key_is_said_to_lack_one() -> None:
    made = stock.third_party()
    provider = made.endpoints.get().provider
    provider.set_credential("")
    provider.save()
    assert "no provider key" in Client().get("/models/gpt").content.decode()


def test_the_fee_of_third_parties_is_told_and_not_in_the_price() -> None:
    stock.third_party(output_nanousd_per_mtok=usd("10"))
    prices.recompute(clock.now(), stock.ScriptedFeed({}))
    [row] = market.rows()
    assert row.is_available
    assert row.output_nanousd_per_mtok == usd("10")
    assert "5 %" in Client().get("/models/gpt").content.decode()


def test_htmx_gets_the_table_alone() -> None:
    priced()
    part = Client().get("/models?q=lla", headers={"HX-Request": "true"}).content.decode()
    assert "Llama" in part
    assert "<html" not in part


def test_going_back_htmx_gets_the_whole_page() -> None:
    priced()
    answer = Client().get("/models", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in answer.content.decode()


def test_the_price_now_is_where_requests_go_though_another_site_is_a_little_cheaper() -> None:
    priced()
    dear = DataCenter.objects.get(slug="nva")
    RoutedSite.objects.update(data_center=dear)
    [row] = market.rows()
    assert row.now is not None
    assert row.now.endpoint.data_center == dear
    assert row.output_nanousd_per_mtok > row.offers[0].output_nanousd_per_mtok


def test_the_small_line_is_the_price_where_requests_went() -> None:
    priced()
    [cheap] = market.rows()
    RoutedSite.objects.update(data_center=DataCenter.objects.get(slug="nva"))
    kept.forget()
    [dear] = market.rows()
    assert min(dear.routed.ppm) > max(cheap.routed.ppm)
    assert cheap.routed.ppm[-1] / 1e6 - 1 == pytest.approx(cheap.delta, abs=0.005)


def test_a_models_name_in_capitals_leads_to_its_page() -> None:
    priced()
    assert Client().get("/models/LLAMA")["Location"] == "/models/llama"
    assert Client().get("/models/NOBODY").status_code == 404


def test_a_model_that_nobody_serves_says_where_its_requests_would_go() -> None:
    made = priced()
    made.endpoints.update(base_url="")
    versions.bump()
    assert "Requests would go to" in Client().get("/models/llama").content.decode()


def test_what_of_an_address_can_be_shown_is_shown() -> None:
    priced()
    page = Client().get("/models/llama?hours=168&show=bogus").content.decode()
    assert 'data-hours="168" aria-current="true"' in page
    assert 'data-show="price" aria-current="true"' in page


def test_the_grid_is_above_the_table_with_where_requests_go() -> None:
    priced()
    page = Client().get("/models").content.decode()
    strip = page[page.index('id="grid-now"') : page.index('id="market-form"')]
    assert "requests go to <b>DFW</b>" in strip
    assert strip.count("scripted feed") == 3
    assert strip.index("DFW</span>") < strip.index("NVA</span>")


def test_an_endpoint_tells_multiplier_context_and_modelled_energy() -> None:
    priced(input_joule_per_token=0.02, output_joule_per_token=0.1)
    page = Client().get("/models/llama").content.decode()
    endpoints = page[page.index('id="endpoints"') :]
    assert "modelled" in endpoints
    assert ">0.0556<" in endpoints  # Wh: 0.1 J × 1000 × 1.6 × 1.25 ÷ 3600
    assert "0.0111 Wh per 1,000 tokens read; PUE 1.25" in endpoints
    assert "×0." in endpoints
    assert ">8K<" in endpoints


def test_a_warm_page_asks_no_more_than_its_version_and_who_looks(django_assert_max_num_queries: Any) -> None:
    priced()
    for address in ("/models", "/models/llama", "/models/llama/prices", "/models/compare?m=llama"):
        Client().get(address)
        with django_assert_max_num_queries(12):
            Client().get(address)


def test_a_search_is_shown_as_text() -> None:
    page = Client().get("/models", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert(1)" not in page


def test_many_models_take_as_many_queries_as_one(django_assert_num_queries: Any) -> None:
    priced()
    with CaptureQueriesContext(connection) as counted:
        Client().get("/models")
    for number in range(20):
        stock.hosted(slug=f"model-{number}")
    kept.forget()
    cache.clear()
    with django_assert_num_queries(len(counted)):
        Client().get("/models")


def test_the_page_shows_every_site_with_its_electricity_and_source() -> None:
    priced()
    page = Client().get("/models/llama").content.decode()
    for fact in ("NVA", "DFW", "OKC", "ERCOT", "HB_NORTH", "/MWh", "scripted feed", "requests go here"):
        assert fact in page


def test_embedded_mode_says_what_its_data_centers_are(settings: Any) -> None:
    priced()
    assert "all its data centers are the same machine" in Client().get("/models/llama").content.decode()
    settings.PRODUCTION = True
    assert "same machine" not in Client().get("/models/llama").content.decode()


def test_a_model_that_is_switched_off_is_gone() -> None:
    made = priced()
    made.active = False
    made.save()
    assert listed() == []
    assert Client().get("/models/llama").status_code == 404


def test_an_empty_catalog_and_a_catalog_without_prices_have_their_page() -> None:
    assert listed() == []
    stock.hosted()
    versions.bump()
    assert listed() == ["llama"]
    assert Client().get("/models/llama").status_code == 200


def test_free_models_come_before_others_that_cannot_be_called_either() -> None:
    stock.model("aaa")
    stock.model("zzz", is_free=True)
    assert listed() == ["zzz", "aaa"]


def test_the_frame_and_the_landing_page_name_the_site_requests_go_to(alice: Any) -> None:
    """Also when a model that cannot be called is at a site with cheaper electricity."""
    priced(slugs="nva dfw")
    stock.hosted("nva dfw okc", slug="elsewhere").endpoints.update(base_url="")
    prices.recompute(clock.now(), stock.ScriptedFeed(FEED | {stock.NODES["okc"]: -50.0}))
    assert "DFW" in browser(alice).get("/activity").content.decode()
    assert "routed, now DFW" in browser().get("/").content.decode()


def test_the_page_shows_where_requests_go_though_another_site_is_a_little_cheaper() -> None:
    priced(slugs="nva dfw")
    RoutedSite.objects.update(data_center=DataCenter.objects.get(slug="nva"))
    page = Client().get("/models/llama").content.decode()
    here = page.index("requests go here")
    assert page.rindex("NVA", 0, here) > page.rindex("DFW", 0, here)
    assert "cheapest now" in page


def test_without_a_call_the_speed_is_not_measured_yet() -> None:
    priced()
    assert "not measured yet" in Client().get("/models").content.decode()
    assert "not measured yet" in Client().get("/models/llama").content.decode()


def test_a_model_that_does_not_chat_is_not_sent_to_studio(client: Client) -> None:
    stock.third_party("vectors", operations=["embeddings"], max_output_tokens=0)
    prices.backfill(clock.now(), stock.TWO_HOURS, stock.ScriptedFeed(FEED))
    page = client.get("/models/vectors").content.decode()
    assert "<code>POST /v1/embeddings</code>" in page
    assert "/studio?model=" not in page
    assert "Longest answer" not in page
