"""Every section opens, on a desk and on a phone, in light and in dark: no complaint, no other origin, nothing wider than the screen."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.site, pytest.mark.browser]

PUBLIC = {
    "/": None,
    "/models": "Models",
    "/models?label=hosted&reads=image&context=128000": "Models",
    "/models/smollm2-135m-instruct": None,
    "/models/smollm2-135m-instruct/prices?show=electricity&hours=168": None,
    "/models/compare?m=smollm2-135m-instruct&m=phi-4&m=gpt-4o&m=deepseek-v3": "Compare",
    "/docs": None,
    "/accounts/login/": None,
    "/accounts/signup/": None,
}
SECTIONS = {
    "/models": "Models",
    "/projects": "Projects",
    "/keys": "API Keys",
    "/studio": "Studio",
    "/activity": "Activity",
    "/billing": "Billing",
    "/team": "Team",
    "/settings": "Settings",
    "/docs": None,
}


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_visitor_can_read_the_public_pages(open_page, theme, width):
    page = open_page(theme, width)
    for address, heading in PUBLIC.items():
        look_at(page, address, heading)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_demo_account_can_open_every_section(open_page, site, theme, width):
    page = open_page(theme, width)
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(site.email)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    expect(page).not_to_have_url("**/accounts/login/**")
    for address, heading in SECTIONS.items():
        look_at(page, address, heading)


def look_at(page: Page, address: str, heading: str | None) -> None:
    answer = page.goto(address, wait_until="networkidle")
    assert answer is not None
    assert answer.status == 200, address
    first = page.get_by_role("heading", level=1)
    expect(first).to_have_count(1)
    if heading:
        expect(first).to_have_text(heading)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{address} is wider than the screen"
