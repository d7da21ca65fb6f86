"""Models side by side, whatever an address asks for."""

import re
from typing import Any

import pytest
from django.test import Client

from catalog import prices
from catalog.pages import compare, market
from catalog.pages.performance import Performance
from clod_site.lib import clock
from clod_site.lib.money import usd
from tests.catalog import stock

FEED = {stock.NODES["nva"]: 90.0, stock.NODES["dfw"]: 10.0, stock.NODES["okc"]: 90.0}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shelf(now_stays_now: None) -> None:
    stock.hosted(is_free=True, licence="MIT", input_joule_per_token=0.02, output_joule_per_token=0.1)
    stock.hosted("dfw", slug="big", context_window=131_072, input_nanousd_per_mtok=usd("2"), output_nanousd_per_mtok=usd("4"))
    stock.third_party(input_nanousd_per_mtok=usd("1"), output_nanousd_per_mtok=usd("10"))
    for name in ("one", "two"):
        stock.model(name)
    prices.backfill(clock.now(), stock.TWO_HOURS, stock.ScriptedFeed(FEED))


def page_of(query: str) -> str:
    answer = Client().get(f"/models/compare?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def columns(page: str) -> list[str]:
    return re.findall(r'<th scope="col"><a href="/models/([^"]+)"', page)


def cells(page: str, fact: str) -> list[str]:
    [row] = re.findall(rf'<th scope="row"[^>]*>{re.escape(fact)}</th>(.*?)</tr>', page, re.S)
    return [" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in re.findall(r"<td>(.*?)</td>", row, re.S)]


def test_each_model_has_its_column_in_the_order_asked_for() -> None:
    page = page_of("m=gpt&m=llama&m=big")
    assert columns(page) == ["gpt", "llama", "big"]
    assert cells(page, "Context window") == ["8,192 tokens", "8,192 tokens", "131,072 tokens best"]
    assert cells(page, "Licence") == ["–", "MIT", "–"]
    assert cells(page, "Free requests") == ["no", "100 a day per organization", "no"]
    assert cells(page, "Data centers")[0] == "at its provider"


def test_an_example_call_costs_what_it_would_be_charged_fee_included() -> None:
    page = page_of("m=gpt&m=llama&in=2000&out=1000")
    [gpt, llama] = cells(page, "A call of 2,000 + 1,000 tokens")
    assert gpt == "$0.0126 with 5 % routing fee"  # (2000 × $1 + 1000 × $10) per million, and 5 %
    row = market.row_of("llama")
    assert row is not None
    assert compare.cost(row, 2000, 1000) == -(-(2000 * row.input_nanousd_per_mtok + 1000 * row.output_nanousd_per_mtok) // 10**6)
    assert llama.endswith("best")


def test_the_best_value_is_marked_by_a_word_and_only_where_values_differ() -> None:
    page = page_of("m=llama&m=one")
    assert not any("best" in cell for cell in cells(page, "Context window"))
    assert "below list" in cells(page, "Price now, output")[0]


def test_speed_uptime_and_energy_are_compared(monkeypatch: Any) -> None:
    measured = {"llama": Performance(300, None, 50, 9, 0.99, 100), "gpt": Performance(200, None, 90, 9, None, 3)}
    monkeypatch.setattr("catalog.pages.performance._measure", lambda: measured)
    page = page_of("m=llama&m=gpt&m=one")
    assert cells(page, "Time to first token") == ["300 ms", "200 ms best", "not measured yet"]
    assert cells(page, "Tokens per second") == ["50", "90 best", "not measured yet"]
    assert cells(page, "Uptime") == ["99 %", "too few calls to say", "not measured yet"]
    assert cells(page, "Energy per 1,000 tokens written") == ["0.0556 Wh", "–", "–"]


@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("m=llama&m=llama&m=big", ["llama", "big"]),
        ("m=llama&m=nobody&m=big", ["llama", "big"]),
        ("m=llama&m=&m=big&in=x&out=-1", ["llama", "big"]),
        ("m=llama&m=big&in=99999999999999999999&out=%00", ["llama", "big"]),
        ("m=llama&m=big&in=%D9%A3&out=1e9", ["llama", "big"]),
        ("m=llama&m=big&m=gpt&m=one&m=two", ["llama", "big", "gpt", "one"]),
        ("&".join(f"m=x{number}" for number in range(500)) + "&m=llama&m=big", []),
    ],
)
def test_nothing_in_an_address_is_an_error(query: str, slugs: list[str]) -> None:
    assert columns(page_of(query)) == slugs


def test_what_was_left_out_is_told_as_text() -> None:
    page = page_of("m=llama&m=big&m=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "Not in the catalog" in page
    assert "<script>alert(1)" not in page
    assert "left out: Two" in page_of("m=llama&m=big&m=gpt&m=one&m=two")


@pytest.mark.parametrize(("query", "words"), [("", "Which models?"), ("m=llama", "Llama and which other one?"), ("m=no", "Which models?")])
def test_fewer_than_two_are_asked_for_another_one(query: str, words: str) -> None:
    page = page_of(query)
    assert words in page
    assert '<select id="add" name="m">' in page


def test_each_can_be_taken_out() -> None:
    assert 'href="/models/compare?m=big&amp;in=5&amp;out=7"' in page_of("m=llama&m=big&in=5&out=7")


def test_the_chart_has_a_line_for_each_price_that_moves() -> None:
    figure = Client().get("/models/compare/prices.json?m=llama&m=gpt&m=big&hours=168").json()
    assert [trace["name"] for trace in figure["data"]] == ["List price", "Llama", "Big"]
    assert "prices do not move" in page_of("m=llama&m=gpt")
    for query in ("m=gpt", "", "m=llama&hours=5"):
        assert Client().get(f"/models/compare/prices.json?{query}").status_code == 404


def test_what_was_compared_a_moment_ago_is_kept(django_assert_num_queries: Any) -> None:
    page_of("m=llama&m=big&m=gpt&m=one")
    with django_assert_num_queries(2):
        page_of("m=llama&m=big&m=gpt&m=one")


def test_the_chart_is_drawn_without_javascript_for_the_span_that_is_asked_for() -> None:
    page = page_of("m=llama&m=big&hours=168")
    assert page.count('<path class="model model-') == 2
    assert "7 days ago" in page
    assert 'hours=168" data-hours="168" aria-current="true"' in page
