"""From a sign-up to the request in Activity, as a newcomer walks it."""

import re
import secrets

import httpx2
import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.site, pytest.mark.browser]

MODEL = "SmolLM2 135M Instruct"
MESSAGES = [{"role": "system", "content": "You are a helpful assistant."}, {"role": "user", "content": "What is the capital of France?"}]
ANSWER_MS = 60_000


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_newcomer_signs_up_gets_a_key_asks_and_finds_both_requests(open_page, site, theme, width):
    page = open_page(theme, width, motion="no-preference")
    sign_up(page)
    key = generate_key(page)
    left = ask_with(key, f"{site.base_url}/v1")
    assert left == 99
    expect(page.get_by_role("link", name="See it in Activity")).to_be_visible()
    ask_in_studio(page)
    find_both_in_activity(page)


def sign_up(page: Page) -> None:
    page.goto("/")
    page.goto("/accounts/signup/")
    page.get_by_label("E-mail").fill(f"newcomer-{secrets.token_hex(4)}@example.org")
    page.get_by_label("Password").fill("a lighthouse in the fog")
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Your first call")).to_be_visible()


def generate_key(page: Page) -> str:
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Generate key").click()
    expect(page.get_by_text("Copy the key now")).to_be_visible()
    key = page.locator(".secret code").inner_text()
    assert key.startswith("clod_sk_")
    assert key in page.get_by_role("tabpanel").first.inner_text()
    return key


def ask_with(key: str, api_url: str) -> int:
    """One completion by HTTP; how many free requests it left."""
    body = {"model": MODEL, "messages": MESSAGES, "temperature": 0, "max_completion_tokens": 20}
    answer = httpx2.post(f"{api_url}/chat/completions", json=body, headers={"authorization": f"Bearer {key}"}, timeout=60)
    assert "Paris" in answer.json()["choices"][0]["message"]["content"]
    return int(answer.headers["x-clod-free-requests-left"])


def ask_in_studio(page: Page) -> None:
    page.goto("/studio?model=smollm2-135m-instruct")
    page.get_by_label("System prompt (optional)").fill("You are a helpful assistant.")
    page.get_by_label("Temperature").fill("0")
    page.get_by_label("Prompt", exact=True).fill("What is the capital of France?")
    page.get_by_role("button", name="Send").click()
    turn = page.locator("article.turn.assistant")
    expect(turn.locator(".text")).to_contain_text("Paris", timeout=ANSWER_MS)
    expect(turn).not_to_have_attribute("aria-busy", "true", timeout=ANSWER_MS)
    for fact in ("TTFT", "tokens", "$0.00", "paid by free", "tick"):
        expect(turn.locator(".meter-line")).to_contain_text(fact)


def find_both_in_activity(page: Page) -> None:
    page.goto("/activity")
    rows = page.locator("table.requests tbody tr")
    expect(rows).to_have_count(2)
    by_key = {row.locator("td").last.inner_text(): row.inner_text() for row in rows.all()}
    assert by_key.keys() == {"Studio", "laptop"}
    for name, told in by_key.items():
        assert re.search(r"[1-9]\d* → [1-9]\d*", told), told
        assert len(re.findall(r"\d (?:ms|s)\b", told)) == (2 if name == "Studio" else 1), told  # what was streamed has a first token
        assert "$0.00" in told
        assert "free" in told
    rows.first.get_by_role("link").click()
    drawer = page.get_by_role("dialog", name="Request")
    for heading in ("Time", "Cost", "Facts", "Attempts"):
        expect(drawer.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    expect(drawer).to_contain_text("Price tick")
