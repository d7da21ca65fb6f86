"""What a caller may write in ``model``."""

import itertools
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import names
from catalog.names import InvalidModelName, ModelNotFound, Wanted
from catalog.snapshot import Catalog, ModelCard


def card(slug: str, name: str, vendor_id: str) -> ModelCard:
    return ModelCard(slug, name, vendor_id, "Vendor", "hosted", False, ("text",), 8192, 1024, 1, 1, datetime(2026, 1, 1, tzinfo=UTC), ())


CARDS = [
    card("gpt-4o", "GPT 4o", "gpt-4o"),
    card("gpt-4o-mini", "GPT 4o mini", "gpt-4o-mini"),
    card("deepseek-v3", "DeepSeek V3", "deepseek-ai/DeepSeek-V3"),
]
CATALOG = Catalog(1, {card.slug: card for card in CARDS}, names.index(CARDS))


@pytest.mark.parametrize(
    ("text", "name", "tags"),
    [
        ("GPT 4o", "GPT 4o", ()),
        ("GPT 4o@price", "GPT 4o", ("price",)),
        ("GPT 4o@price@latency", "GPT 4o", ("price", "latency")),
        ("GPT 4o@latency@price", "GPT 4o", ("latency", "price")),
        ("GPT 4o@price@latency@token_rate", "GPT 4o", ("price", "latency", "token_rate")),
        ("@latency", "", ("latency",)),
        (" GPT 4o @ Price @price", "GPT 4o", ("price",)),
    ],
)
def test_a_name_and_its_tags_are_told_apart(text: str, name: str, tags: tuple[str, ...]) -> None:
    assert names.parse(text) == Wanted(name, tags)


@pytest.mark.parametrize("text", ["GPT 4o@cheapest", "GPT 4o@", "@", "GPT 4o@price@fast"])
def test_an_unknown_tag_is_refused_naming_the_valid_ones(text: str) -> None:
    with pytest.raises(InvalidModelName) as refused:
        names.parse(text)
    assert (refused.value.status, refused.value.code, refused.value.param) == (400, "invalid_request", "model")
    assert "@price, @latency and @token_rate" in refused.value.message


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidModelName) as refused:
        names.parse(text)
    assert refused.value.status == 400
    assert "GET /v1/models" in refused.value.message


def test_an_endless_name_is_refused() -> None:
    with pytest.raises(InvalidModelName):
        names.parse("x" * 100_000)


@pytest.mark.parametrize(
    "name",
    ["DeepSeek V3", "deepseek v3", "  DEEPSEEK   V3 ", "deepseek-v3", "DeepSeek-V3", "deepseek-ai/DeepSeek-V3", "deepseek-ai/deepseek-v3"],
)
def test_display_name_slug_and_vendor_id_all_resolve(name: str) -> None:
    assert names.resolve(CATALOG, name).slug == "deepseek-v3"


def test_an_unknown_name_is_answered_with_the_nearest_ones() -> None:
    with pytest.raises(ModelNotFound) as refused:
        names.resolve(CATALOG, "gpt 4")
    assert (refused.value.status, refused.value.code, refused.value.param) == (404, "model_not_found", "model")
    assert "Did you mean GPT 4o or GPT 4o mini?" in refused.value.message
    assert "/v1/models" in refused.value.message


def test_a_name_like_no_other_gets_no_guess() -> None:
    with pytest.raises(ModelNotFound, match=r"There is no model 'ÄÖÜ'\. GET"):
        names.resolve(CATALOG, "ÄÖÜ")


def test_a_slug_beats_another_models_display_name() -> None:
    for order in itertools.permutations([card("a", "b", "v/a"), card("b", "c", "v/b")]):
        assert names.index(order)["b"] == "b"


@given(st.text(max_size=300))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(InvalidModelName, ModelNotFound):
        names.resolve(CATALOG, names.parse(text).name)
