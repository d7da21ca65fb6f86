"""No page breaks a WCAG rule of level A or AA that axe-core can find, in light and in dark."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests import node
from tests.browser import pages

pytestmark = [pytest.mark.site, pytest.mark.browser, pytest.mark.node]

AXE = Path(__file__).parent / "axe"
LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}  # all that a theme can change
FEWER_ROWS = {"models": "/models?q=llama", "model-prices": f"/models/{pages.MODEL}/prices?hours=4"}
RUN = """async (wanted) => (await axe.run({runOnly: wanted})).violations
    .map(({id, nodes}) => `${id}: ${nodes[0].target} ${nodes[0].html.slice(0, 160)}`)"""


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """axe-core at its locked version, installed outside the repository."""
    folder = node.installed(AXE, tmp_path_factory)
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def test_visitors_find_no_barrier(open_page, axe):
    assert barriers(open_page(), axe, (pages.VISITORS | FEWER_ROWS).values()) == []


def test_members_find_no_barrier(open_page, site, axe):
    page = open_page()
    pages.log_in(page, site.email, site.password)
    addresses = pages.of_members(page)
    assert barriers(page, axe, [addresses[name] for name in addresses if name not in pages.MISSING]) == []


def barriers(page: Page, axe: str, addresses: Iterable[str]) -> list[str]:
    """Each page is opened once and looked at in both themes, without the motion between them."""
    page.emulate_media(reduced_motion="reduce")
    found = []
    for address in addresses:
        page.goto(address)
        page.evaluate(axe)
        for theme, rules in (("light", LEVELS), ("dark", COLOURS)):
            page.emulate_media(color_scheme=theme)
            found += [f"{address} ({theme}) {problem}" for problem in page.evaluate(RUN, rules)]
    return found
