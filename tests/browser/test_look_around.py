"""Every page opens, on a desk in light and on a phone in dark: no complaint, no other origin, nothing wider than the screen, and no rule of
WCAG's levels A and AA broken that axe-core can find."""

from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from tests.browser import barriers, pages

pytestmark = [pytest.mark.site, pytest.mark.browser, pytest.mark.node, pytest.mark.long]

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
FEWER_ROWS = {"models": "/models?q=llama", "model-prices": f"/models/{pages.MODEL}/prices?hours=4"}  # axe looks at every cell
in_both_forms = pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])


@in_both_forms
def test_a_visitor_can_read_the_public_pages(open_page, axe, theme, width):
    assert look_at(open_page(theme, width), axe, pages.VISITORS) == []


@in_both_forms
def test_the_demo_account_can_open_every_page_of_its_own(open_page, site, axe, theme, width):
    page = open_page(theme, width)
    pages.log_in(page, site.email, site.password)
    webhook = add_webhook(page)
    addresses = pages.of_members(page)
    assert {"project", "key", "webhook-delivery"} <= addresses.keys()
    assert look_at(page, axe, {name: address for name, address in addresses.items() if name not in pages.MISSING}) == []
    page.goto(f"{webhook}/delete")
    page.get_by_role("button", name="Delete the webhook").click()


def add_webhook(page: Page) -> str:
    """The address of its page; it has been sent an event, which nobody takes."""
    page.goto("/settings/webhooks/new")
    page.get_by_label("Address").fill("http://127.0.0.1:9999/")
    page.get_by_role("button", name="Add webhook").click()
    page.get_by_role("link", name="Done").click()
    address = page.url
    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_role("link", name="webhook.test")).to_be_visible()
    return address


def look_at(page: Page, axe: str, addresses: Mapping[str, str]) -> list[str]:
    """The barriers that were found."""
    found = []
    for name, address in addresses.items():
        answer = page.goto(address, wait_until="networkidle" if name in THAT_LOAD_MORE else "load")
        assert answer is not None
        assert answer.status == 200, address
        first = page.get_by_role("heading", level=1)
        expect(first).to_have_count(1)
        if name in SECTIONS:
            expect(first).to_have_text(SECTIONS[name])
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{address} is wider than the screen"
        if name in FEWER_ROWS:
            page.goto(FEWER_ROWS[name])
        found += [f"{address}: {problem}" for problem in barriers.here(page, axe)]
    return found
