"""Finding a model in the market table: filters and orders in the address, usable without JavaScript."""

import re
from typing import Any

import pytest
from django.test import Client

from catalog import prices
from catalog.pages.performance import Performance
from clod_site.lib import clock
from tests.catalog import stock

FEED = {stock.NODES["nva"]: 90.0, stock.NODES["dfw"]: 10.0, stock.NODES["okc"]: 90.0}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("now_stays_now")]


@pytest.fixture
def shelf() -> None:
    """llama: hosted, free, available. zephyr: hosted, long context, reads images. gpt: third-party, cheap, a vector maker."""
    stock.hosted(is_free=True)
    gpt = stock.third_party(input_nanousd_per_mtok=1, output_nanousd_per_mtok=1, input_modalities=["text", "image", "file"])
    gpt.endpoints.update(active=False)
    stock.model("zephyr", context_window=1_048_576, input_modalities=["text", "image"], operations=["completions"])
    stock.model("vectors", context_window=32_768, operations=["embeddings"], max_output_tokens=0, energy_weight=0)
    prices.backfill(clock.now(), stock.TWO_HOURS, stock.ScriptedFeed(FEED))


def page_of(query: str = "") -> str:
    answer = Client().get(f"/models?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def listed(query: str = "") -> list[str]:
    return re.findall(r'name="m" value="([^"]+)"', page_of(query))


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["llama", "vectors", "zephyr", "gpt"]),
        ("label=free", ["llama"]),
        ("label=hosted", ["llama", "vectors", "zephyr"]),
        ("label=third_party", ["gpt"]),
        ("available=1", ["llama"]),
        ("q=GPT", ["gpt"]),
        ("q=vendor+zeph", ["zephyr"]),
        ("q=%25", []),
        ("q=%00", ["llama", "vectors", "zephyr", "gpt"]),
        ("reads=image", ["zephyr", "gpt"]),
        ("reads=file", ["gpt"]),
        ("for=completions", ["zephyr"]),
        ("for=embeddings", ["vectors"]),
        ("context=32000", ["vectors", "zephyr"]),
        ("context=1000000", ["zephyr"]),
        ("reads=image&context=32000&label=hosted", ["zephyr"]),
        ("reads=image&for=embeddings", []),
        ("label=x&reads=x&for=x&context=7&available=x&sort=x", ["llama", "vectors", "zephyr", "gpt"]),
    ],
)
def test_the_address_filters(query: str, slugs: list[str]) -> None:
    assert listed(query) == slugs


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("sort", "slugs"),
    [
        ("name", ["gpt", "llama", "vectors", "zephyr"]),
        ("-name", ["zephyr", "vectors", "llama", "gpt"]),
        ("context", ["zephyr", "vectors", "gpt", "llama"]),
        ("-context", ["gpt", "llama", "vectors", "zephyr"]),
        ("in", ["gpt", "llama", "vectors", "zephyr"]),
        ("out", ["gpt", "llama", "zephyr", "vectors"]),
        ("-out", ["zephyr", "llama", "gpt", "vectors"]),
        ("list", ["llama", "zephyr", "gpt", "vectors"]),
        ("newest", ["llama", "vectors", "zephyr", "gpt"]),
    ],
)
def test_the_address_sorts_by_a_column_either_way(sort: str, slugs: list[str]) -> None:
    assert listed(f"sort={sort}") == slugs


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(("sort", "first"), [("ttft", ["zephyr", "gpt"]), ("-ttft", ["gpt", "zephyr"]), ("rate", ["gpt", "zephyr"])])
def test_who_was_not_measured_comes_last_either_way(sort: str, first: list[str], monkeypatch: Any) -> None:
    measured = {"gpt": Performance(900, None, 80), "zephyr": Performance(100, None, 20)}
    monkeypatch.setattr("catalog.pages.performance._measure", lambda: measured)
    assert listed(f"sort={sort}") == [*first, "llama", "vectors"]


@pytest.mark.usefixtures("shelf")
def test_a_head_says_how_the_table_is_sorted_and_turns_it_round() -> None:
    page = page_of("sort=name&q=e")
    [head] = re.findall(r"<th[^>]*aria-sort[^>]*>.*?</th>", page, re.S)
    assert 'aria-sort="ascending"' in head
    assert 'href="/models?q=e&amp;sort=-name"' in head
    assert 'aria-sort="descending"' in page_of("sort=-name")
    assert 'aria-sort="descending"' in page_of("sort=context")
    assert "aria-sort" not in page_of()


@pytest.mark.usefixtures("shelf")
def test_a_filter_that_is_on_leads_back_and_each_can_be_taken_away() -> None:
    answer = Client().get("/models?label=hosted&q=e&reads=image&context=32000")
    chips = {chip.name: chip for chip in answer.context["chips"]}
    assert chips["CLōD-hosted"].is_on
    assert chips["CLōD-hosted"].query == "q=e&reads=image&context=32000"
    assert chips["Available here"].query == "q=e&label=hosted&available=1&reads=image&context=32000"
    off = {chip.name: chip.query for chip in answer.context["in_force"]}
    assert off["reads images"] == "q=e&label=hosted&context=32000"
    assert off["32K tokens or more"] == "q=e&label=hosted&reads=image"
    assert "Clear all" in answer.content.decode()


@pytest.mark.usefixtures("shelf")
def test_choices_say_how_many_models_they_would_leave() -> None:
    page = page_of("label=hosted")
    assert "Reads images (1)" in page
    assert "Reads audio (0)" in page
    assert "For embeddings (1)" in page
    assert "32K tokens or more (2)" in page


@pytest.mark.usefixtures("shelf")
def test_an_empty_table_names_what_emptied_it() -> None:
    page = page_of("reads=audio&for=chat&q=whale")
    for words in ("No model matches", "“whale”", "reads audio", "for chat", "Show all models"):
        assert words in page


@pytest.mark.usefixtures("shelf")
def test_a_column_that_is_turned_round_stays_so_when_another_filter_is_chosen() -> None:
    assert '<option value="-out" selected>' in page_of("sort=-out")


@pytest.mark.usefixtures("shelf")
def test_the_form_works_without_javascript() -> None:
    page = page_of("label=hosted&available=1")
    form = page[page.index('id="market-form"') : page.index("<table")]
    assert 'action="/models"' in form
    assert '<input type="hidden" name="label" value="hosted">' in form
    assert '<input type="hidden" name="available" value="1">' in form
    assert {"reads", "for", "context", "sort"} == set(re.findall(r'<select [^>]*name="(\w+)"', form))
