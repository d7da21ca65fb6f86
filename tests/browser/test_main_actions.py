"""One journey per section, each through its main action, as a newcomer with an account of their own."""

import re
import secrets

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.site, pytest.mark.browser]

MODEL = "smollm2-135m-instruct"
CHART_MS, ANSWER_MS = 40_000, 60_000


@pytest.fixture
def page(open_page) -> Page:
    page = open_page()
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill(f"walker-{secrets.token_hex(4)}@example.org")
    page.get_by_label("Password").fill("a lighthouse in the fog")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
    return page


def test_models_are_found_and_their_prices_drawn(page):
    page.goto("/models")
    page.get_by_role("searchbox", name="Find a model").fill("smollm2 135m")
    rows = page.locator(".market-table tbody tr")
    expect(rows).to_have_count(1)
    rows.get_by_role("link").click()
    page.locator("[data-chart]").hover()
    lines = page.locator(".chart .scatterlayer .trace")
    expect(lines.first).to_be_attached(timeout=CHART_MS)
    page.get_by_role("link", name="7 d").click()
    expect(page.get_by_role("link", name="7 d")).to_have_attribute("aria-current", "true")
    expect(page.locator(".chart-key")).to_contain_text("Routed")
    assert lines.count() > 5
    here = page.locator("#endpoints tr", has_text="requests go here").get_by_role("rowheader")
    assert page.locator("[data-facts] .dot.live").locator("..").inner_text().split("$")[0].strip() in here.inner_text()


def test_a_project_gets_a_cap_and_is_archived(page):
    page.goto("/projects")
    page.get_by_role("link", name="New project").click()
    page.get_by_label("Name").fill("Billing bot")
    page.get_by_role("button", name="Create project").click()
    page.get_by_role("link", name="Budgets").click()
    page.get_by_label("Daily cap").fill("20")
    page.get_by_role("button", name="Save caps").click()
    expect(page.get_by_text("$0.00 of $20.00")).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).last.click()
    page.locator("form[data-confirm-name] input[type=text]").fill("Billing bot")
    page.get_by_role("button", name="Archive Billing bot").click()
    expect(page.locator(".project-card", has_text="Billing bot")).to_have_count(0)


def test_a_key_is_generated_in_the_dialog_and_revoked(page):
    page.goto("/keys")
    page.get_by_role("link", name="Generate key").first.click()
    dialog = page.get_by_role("dialog", name="Generate key")
    dialog.get_by_label("Name").fill("laptop")
    dialog.get_by_role("button", name="Generate key").click()
    expect(dialog.locator(".secret code")).to_have_text(re.compile(r"^clod_sk_\w+$"))
    page.keyboard.press("Escape")
    expect(dialog.locator(".secret code")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    row = page.get_by_role("row", name="laptop")
    expect(row).to_contain_text("active")
    row.get_by_role("link", name="Revoke laptop").click()
    page.get_by_role("button", name="Revoke laptop").click()
    expect(page.get_by_role("row", name="laptop")).to_contain_text("revoked")


def test_studio_answers_and_the_top_bar_counts_it(page):
    page.goto(f"/studio?model={MODEL}")
    page.get_by_label("Longest answer").fill("12")
    expect(page.locator("[data-facts]")).to_contain_text("100 free left")
    page.get_by_label("Prompt", exact=True).fill("What is the capital of France?")
    page.keyboard.press("Enter")
    expect(page.locator("article.turn.assistant .meter-line")).to_contain_text("paid by free", timeout=ANSWER_MS)
    expect(page.locator("[data-facts]")).to_contain_text("99 free left")
    page.goto("/activity")
    link = page.locator("table.requests tbody tr").get_by_role("link")
    link.click()
    expect(page.get_by_role("dialog", name="Request")).to_contain_text("Price tick")
    page.keyboard.press("Escape")
    expect(link).to_be_focused()


def test_billing_shows_the_balance_and_settings_take_a_name(page):
    page.goto("/billing")
    expect(page.get_by_role("heading", name="Balance")).to_be_visible()
    page.goto("/settings")
    page.get_by_label("Organization name").fill("Northwind")
    page.get_by_role("button", name="Save organization").click()
    expect(page.get_by_role("banner")).to_contain_text("Northwind")


def test_the_keyboard_alone_goes_everywhere(page):
    page.goto("/models")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Control+k")
    page.keyboard.type("docs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Quickstart")
    page.get_by_role("navigation", name="Docs").get_by_role("link", name="Errors").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Errors")
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Activity")
