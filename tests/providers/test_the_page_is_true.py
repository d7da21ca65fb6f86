"""docs/providers.md names every field that is dropped or translated."""

from pathlib import Path

import pytest

from catalog.providers import ADAPTERS, wish
from catalog.providers.anthropic import request as anthropic
from catalog.providers.gemini import request as gemini

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text()
NOT_ALONE = {"presence_penalty", "frequency_penalty"}  # "penalties"


@pytest.mark.parametrize("fields", [wish.HARMLESS, anthropic.TAKEN, anthropic.DROPPED, gemini.TAKEN, gemini.DROPPED])
def test_every_field_is_on_the_page(fields: frozenset[str]) -> None:
    assert {field for field in fields - NOT_ALONE if f"`{field}" not in PAGE} == set()


def test_every_adapter_is_on_the_page() -> None:
    assert all(f"`{name}`" in PAGE for name in ADAPTERS)


@pytest.mark.parametrize("budgets", [anthropic.BUDGETS, gemini.BUDGETS])
def test_every_budget_is_on_the_page(budgets: dict[str, int]) -> None:
    assert all(f"{budget:,}" in PAGE for budget in budgets.values() if budget)
