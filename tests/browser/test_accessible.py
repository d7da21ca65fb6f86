"""No page breaks a WCAG rule of level A or AA that axe-core can find, in light and in dark."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from accounts import handbook
from tests import node

pytestmark = [pytest.mark.site, pytest.mark.browser, pytest.mark.node]

AXE = Path(__file__).parent / "axe"
LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
COLOURS = {"type": "rule", "values": ["color-contrast"]}  # all that a theme can change
PUBLIC = ["/", "/models?q=llama", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]
MEMBERS = [
    *("/models?q=llama", "/models?reads=audio&q=none", "/models/smollm2-135m-instruct", "/models/gpt-4o"),
    *("/models/smollm2-135m-instruct/prices", "/models/compare?m=phi-4&m=gpt-4o&m=no", "/models/compare"),
    *("/projects", "/projects/new", "/keys", "/keys/new", "/studio"),
    *("/activity", "/billing", "/team", "/settings", "/accounts/email/", "/accounts/password/change/"),
    *(page.address for page in handbook.PAGES),
]
RUN = """async (wanted) => (await axe.run({runOnly: wanted})).violations
    .map(({id, nodes}) => `${id}: ${nodes[0].target} ${nodes[0].html.slice(0, 160)}`)"""


@pytest.fixture(scope="module")
def axe(tmp_path_factory) -> str:
    """axe-core at its locked version, installed outside the repository."""
    folder = node.installed(AXE, tmp_path_factory)
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def test_visitors_find_no_barrier(open_page, axe):
    assert barriers(open_page(), axe, PUBLIC) == []


def test_members_find_no_barrier(open_page, site, axe):
    page = open_page()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(site.email)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    assert barriers(page, axe, MEMBERS) == []


def barriers(page: Page, axe: str, addresses: list[str]) -> list[str]:
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
