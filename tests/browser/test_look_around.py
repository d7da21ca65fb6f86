"""Every page opens, on a desk and on a phone, in light and in dark: no complaint, no other origin, nothing wider than the screen."""

from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages

pytestmark = [pytest.mark.site, pytest.mark.browser]

SECTIONS = {
    "models": "Models",
    "projects": "Projects",
    "keys": "API Keys",
    "studio": "Studio",
    "activity": "Activity",
    "billing": "Billing",
    "team": "Team",
    "settings": "Settings",
}
THAT_LOAD_MORE = {"models", "model-hosted", "compare", "activity", "studio", "keys"}  # scripts that ask the server on their own


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_visitor_can_read_the_public_pages(open_page, theme, width):
    look_at(open_page(theme, width), pages.VISITORS)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_demo_account_can_open_every_page_of_its_own(open_page, site, theme, width):
    page = open_page(theme, width)
    pages.log_in(page, site.email, site.password)
    addresses = pages.of_members(page)
    assert {"project", "key"} <= addresses.keys()
    look_at(page, {name: address for name, address in addresses.items() if name not in pages.MISSING})


def look_at(page: Page, addresses: Mapping[str, str]) -> None:
    for name, address in addresses.items():
        answer = page.goto(address, wait_until="networkidle" if name in THAT_LOAD_MORE else "load")
        assert answer is not None
        assert answer.status == 200, address
        first = page.get_by_role("heading", level=1)
        expect(first).to_have_count(1)
        if name in SECTIONS:
            expect(first).to_have_text(SECTIONS[name])
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{address} is wider than the screen"
