"""The life of a key in a browser: generated, used, disabled and back, renamed, rotated, revoked; and a project that comes back."""

import re
import secrets
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.barriers import barriers
from tests.site import Site, eventually

pytestmark = [pytest.mark.site, pytest.mark.browser]

MODEL = "smollm2-135m-instruct"
ARRIVES_MS = 20_000


@pytest.fixture
def newcomer(open_page):
    """``newcomer("dark", 390)``: the page of somebody who has just signed up."""

    def newcomer(theme: str = "light", width: int = 1440) -> Page:
        page = open_page(theme, width)
        page.goto("/accounts/signup/")
        page.get_by_label("E-mail").fill(f"kay-{secrets.token_hex(4)}@example.org")
        page.get_by_label("Password").fill("a lighthouse in the fog")
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_role("heading", name="Your first call")).to_be_visible()
        return page

    return newcomer


def call(site: Site, key: str, model: str = MODEL) -> int:
    body = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 3}
    return httpx.post(f"{site.base_url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60).status_code


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_a_key_lives(newcomer, site, theme, width):
    page = newcomer(theme, width)
    key = generated(page)
    assert call(site, key, "gpt-4o") == 403, "it is limited to another model"
    assert call(site, key) == 200
    expect(page.get_by_text("A request with this key has arrived.")).to_be_visible(timeout=ARRIVES_MS)

    page.goto("/keys")
    page.get_by_role("row", name=re.compile("laptop")).get_by_role("link", name="laptop", exact=True).click()
    expect(page.locator(".stat", has_text="Requests").first).to_contain_text("1")
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("This key is disabled")).to_be_visible()
    assert call(site, key) == 401
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("is enabled. It works within a second.")).to_be_visible()
    assert eventually(lambda: call(site, key) == 200)

    page.get_by_label("Name", exact=True).fill("desktop")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("desktop")

    page.get_by_role("link", name="Rotate").click()
    page.get_by_label(re.compile("old key works")).select_option(label="Not at all")
    page.get_by_role("button", name="Generate the new key").click()
    successor = page.locator(".secret code").inner_text()
    assert call(site, key) == 401
    assert call(site, successor) == 200

    page.goto("/keys")
    page.get_by_role("row", name=re.compile("active")).get_by_role("link", name="Revoke desktop").click()
    page.get_by_role("button", name="Revoke desktop").click()
    expect(page.get_by_role("row", name=re.compile("revoked"))).to_have_count(2)
    assert call(site, successor) == 401


def generated(page: Page) -> str:
    """A key for one model, expiring in 30 days; its text. The endpoint and a snippet in each language are beside it."""
    page.goto("/keys")
    page.get_by_role("link", name="Generate key").first.click()
    dialog = page.get_by_role("dialog", name="Generate key")
    dialog.get_by_label("Name").fill("laptop")
    dialog.get_by_label("Expires").select_option(label="In 30 days")
    dialog.locator("summary", has_text="Models").click()
    dialog.get_by_label("SmolLM2 135M Instruct").check()
    dialog.get_by_role("button", name="Generate key").click()
    key = str(dialog.locator(".secret code").inner_text())
    for language, words in (("Python", "from openai import OpenAI"), ("Node.js", "import OpenAI from"), ("curl", "curl http")):
        dialog.get_by_role("tab", name=language).click()
        panel = dialog.get_by_role("tabpanel")
        expect(panel).to_contain_text(words)
        expect(panel).to_contain_text(key)
    return key


def test_a_project_is_archived_and_comes_back_with_its_message(newcomer):
    page = newcomer()
    page.goto("/projects/new")
    page.get_by_label("Name").fill("Billing bot")
    page.get_by_role("button", name="Create project").click()
    page.get_by_role("navigation", name="Project").get_by_role("link", name="Settings").click()
    page.locator("form[data-confirm-name] input[type=text]").fill("Billing bot")
    page.get_by_role("button", name="Archive Billing bot").click()
    expect(page.get_by_role("heading", name="Archived")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Billing bot")
    page.goto("/projects")
    expect(page.locator(".project-card", has_text="Billing bot")).to_be_visible()
    expect(page.get_by_role("heading", name="Archived")).to_have_count(0)


@pytest.mark.node
def test_no_page_of_projects_and_keys_has_a_barrier(newcomer, site, axe):
    page = newcomer()
    assert barriers(page, axe, ["/projects", "/keys", "/welcome"]) == []
    key = generated(page)
    assert call(site, key) == 200
    page.goto("/keys")
    of_key = address(page, "main", "laptop")
    page.goto("/projects")
    project = urlsplit(page.locator("a.project-card").first.get_attribute("href") or "").path
    tabs = [project, *(f"{project}/{tab}" for tab in ("keys", "models", "budgets", "members", "settings"))]
    page.goto(of_key)
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("This key is disabled")).to_be_visible()
    assert barriers(page, axe, [*tabs, of_key, f"{of_key}/restrictions", f"{of_key}/revoke"]) == []


def address(page: Page, place: str, name: str) -> str:
    return urlsplit(page.locator(place).get_by_role("link", name=name, exact=True).first.get_attribute("href") or "").path
