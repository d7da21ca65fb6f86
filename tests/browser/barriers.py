"""Rules of WCAG's levels A and AA that axe-core finds broken."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests import node

AXE = Path(__file__).parent / "axe"
LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}  # all that a theme can change
RUN = """async (wanted) => (await axe.run({runOnly: wanted})).violations
    .map(({id, nodes}) => `${id}: ${nodes[0].target} ${nodes[0].html.slice(0, 160)}`)"""


def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    """axe-core at its locked version, installed outside the repository."""
    return (node.installed(AXE, tmp_path_factory) / "node_modules/axe-core/axe.min.js").read_text()


def here(page: Page, axe: str, rules: dict[str, object] = LEVELS) -> list[str]:
    """Of the page as it is."""
    page.evaluate(axe)
    found: list[str] = page.evaluate(RUN, rules)
    return found


def barriers(page: Page, axe: str, addresses: Iterable[str]) -> list[str]:
    """Each page is opened once and looked at in both themes."""
    found = []
    for address in addresses:
        page.goto(address)
        for theme, rules in (("light", LEVELS), ("dark", COLOURS)):
            page.emulate_media(color_scheme=theme)
            found += [f"{address} ({theme}) {problem}" for problem in here(page, axe, rules)]
    return found
