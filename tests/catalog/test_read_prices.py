"""The prices of a model as a figure, a table and a file."""

import csv
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from catalog import prices, versions
from catalog.models import DeliveredPrice
from catalog.pages import price_table
from clod_site.lib import clock
from tests.catalog import stock

FEED = {stock.NODES["nva"]: 90.0, stock.NODES["dfw"]: 10.0, stock.NODES["okc"]: 90.0}
VIEWS = [(show, hours) for show in ("price", "electricity") for hours in (4, 24, 168)]
FIVE_HOURS = 5 / 24  # in days
POINTS = {4: 48, 24: 288, 168: 336}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def llama(now_stays_now: None) -> None:
    stock.hosted()
    prices.backfill(clock.now(), FIVE_HOURS, stock.ScriptedFeed(FEED))


@pytest.mark.parametrize(("show", "hours"), VIEWS)
def test_each_view_is_a_plotly_figure(show: str, hours: int) -> None:
    answer = Client().get(f"/models/llama/prices.json?show={show}&hours={hours}")
    roles = [trace["meta"]["role"] for trace in answer.json()["data"]]
    assert roles.count("site") == 3
    assert {"routed", "list" if show == "price" else "average"} <= set(roles)


def test_nine_data_centers_stay_below_sixty_kilobytes_in_every_view() -> None:
    slugs = [f"site-{number}" for number in range(9)]
    for slug, node in zip(slugs, list(stock.NODES.values()) * 3, strict=True):
        stock.data_center(slug, node, adder_usd=20 + int(slug[-1]))
    stock.hosted(" ".join(slugs), slug="wide")
    prices.backfill(clock.now())
    for show, hours in VIEWS:
        answer = Client().get(f"/models/wide/prices.json?show={show}&hours={hours}")
        assert len(answer.json()["data"]) == 12
        assert len(answer.content) < 60_000, (show, hours)


def test_the_raw_market_price_is_on_no_public_page() -> None:
    """Some markets do not allow it to be passed on."""
    for address in ("prices.json", "prices.json?show=electricity", "prices", "prices.csv", ""):
        assert "wholesale" not in Client().get(f"/models/llama/{address}".rstrip("/")).content.decode()


def test_an_unchanged_figure_costs_a_304_and_two_small_queries(django_assert_num_queries: Any) -> None:
    address = "/models/llama/prices.json?hours=24"
    etag = Client().get(address)["ETag"]
    with django_assert_num_queries(2):
        again = Client().get(address, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert again.content == b""
    assert Client().get(f"{address}&show=electricity", headers={"If-None-Match": etag}).status_code == 200


def test_new_prices_are_a_new_figure() -> None:
    address = "/models/llama/prices.json"
    etag = Client().get(address)["ETag"]
    DeliveredPrice.objects.update(smoothed_microusd_per_mwh=F("smoothed_microusd_per_mwh") * 2)
    versions.bump()
    assert Client().get(address, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(("show", "hours"), VIEWS)
def test_the_table_has_every_point_and_every_data_center(show: str, hours: int) -> None:
    answer = Client().get(f"/models/llama/prices?show={show}&hours={hours}")
    table = answer.context["table"]
    page = answer.content.decode()
    assert [name for _, name in table.data_centers] == ["NVA", "DFW", "OKC"]
    assert page.count("<tr>") == POINTS[hours] + 1
    figure = Client().get(f"/models/llama/prices.json?show={show}&hours={hours}").json()
    routed = next(trace["y"] for trace in figure["data"] if trace["meta"]["role"] == "routed")
    assert [line.routed for line in table.lines] == routed[::-1]
    assert f'href="/models/llama/prices.csv?show={show}&amp;hours={hours}"' in page


@pytest.mark.parametrize(("show", "hours"), VIEWS)
def test_the_file_has_the_shown_view(show: str, hours: int) -> None:
    answer = Client().get(f"/models/llama/prices.csv?show={show}&hours={hours}")
    assert answer["Content-Disposition"] == f'attachment; filename="llama-{show}-{hours}h.csv"'
    head, *lines = csv.reader(answer.content.decode().splitlines())
    unit = "usd_per_mtok" if show == "price" else "usd_per_mwh"
    assert head[:3] == ["time_utc", f"routed_{unit}", "routed_to"]
    assert head[4:] == [f"{slug}_{unit}" for slug in ("nva", "dfw", "okc")]
    assert len(lines) == POINTS[hours]
    assert lines[0][2] == "DFW"
    assert lines[0][1] == lines[0][5]


def test_the_page_leads_to_the_table_and_the_file_without_javascript() -> None:
    page = Client().get("/models/llama?show=electricity&hours=168").content.decode()
    assert 'href="/models/llama/prices?show=electricity&amp;hours=168"' in page
    assert 'href="/models/llama/prices.csv?show=electricity&amp;hours=168"' in page
    assert '<path class="routed" d="M' in page
    assert "Electricity at DFW, where requests go" in page


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("llama/prices.json?hours=5", 404),
        ("llama/prices.json?show=wholesale", 404),
        ("llama/prices.csv?hours=x", 404),
        ("llama/prices?hours=5&show=%00", 200),
        ("llama?hours=9", 200),
        ("gpt/prices.json", 404),
        ("gpt/prices", 404),
        ("none/prices.json", 404),
        ("none", 404),
    ],
)
def test_what_cannot_be_shown_is_not_found(address: str, status: int) -> None:
    stock.third_party()
    versions.bump()
    assert Client().get(f"/models/{address}").status_code == status


@pytest.mark.parametrize(
    ("dollars", "words"), [(None, "–"), (0.0, "$0.00"), (0.00879, "$0.00879"), (41.2, "$41.20"), (-3.0, "−$3.00"), (15.0, "$15.00")]
)
def test_prices_in_the_table_are_plain_dollars(dollars: float | None, words: str) -> None:
    assert price_table.usd(dollars) == words
