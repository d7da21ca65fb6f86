"""Studio in use, with answers, dialogs and problems on it, breaks no WCAG rule that axe-core can find, in light and in dark."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.barriers import here
from tests.studio import desk

pytestmark = [pytest.mark.site, pytest.mark.browser, pytest.mark.node]


@pytest.mark.parametrize("width", [1440, 390])
def test_studio_in_use_has_no_barrier(chromium, site, axe, width):
    with desk.opened(chromium, site, viewport={"width": width, "height": 900}) as page:
        page.goto(f"/studio?model={desk.MODEL}")
        page.get_by_label("Longest answer").fill("20")
        desk.ask(page, "Write a list.")
        desk.is_done(desk.answers(page))
        for summary in page.locator("#studio-side summary").all():
            summary.click()
        page.get_by_label("Format").select_option("json_schema")
        page.get_by_label("JSON schema").fill("{")
        page.get_by_role("button", name="JSON", exact=True).click()
        found = barriers(page, axe, "answered")
        page.get_by_role("button", name="Separate prompts").click()
        found += barriers(page, axe, "separate")
        for button, name in (
            (page.get_by_role("button", name="Model: SmolLM2"), "Model"),
            (page.get_by_role("button", name="History"), "Your runs"),
        ):
            button.click()
            expect(page.get_by_role("dialog", name=name)).to_be_visible()
            found += barriers(page, axe, name)
            page.keyboard.press("Escape")
        page.get_by_text("Presets", exact=True).click()
        found += barriers(page, axe, "presets")
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def barriers(page: Page, axe: str, state: str) -> list[str]:
    found = []
    page.evaluate("scrollTo(0, 0)")  # what the top bar covers is too small to press, until it is scrolled
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [f"{state} ({theme}) {problem}" for problem in here(page, axe)]
    return found
