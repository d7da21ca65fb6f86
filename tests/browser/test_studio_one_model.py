"""Studio with the real model: an answer comes, is stopped, is formatted, and leaves as code that answers too."""

import os
import re
import subprocess
from datetime import datetime, timedelta

import httpx2
import pytest
from playwright.sync_api import Page, expect

from clod_site.lib import clock
from tests.site import eventually
from tests.studio import desk

pytestmark = [pytest.mark.site, pytest.mark.browser]

QUESTION = "What is the capital of France?"
LONG = "Count from one to five hundred in words."


@pytest.fixture
def page(chromium, site):
    with desk.opened(chromium, site) as page:
        page.goto(f"/studio?model={desk.MODEL}")
        page.get_by_label("System prompt (optional)").fill("You are a helpful assistant.")
        page.get_by_label("Temperature").fill("0")
        yield page


def test_an_answer_is_told_in_full(page):
    page.get_by_label("Longest answer").fill("60")
    desk.ask(page, QUESTION)
    expect(desk.said(page)).to_contain_text("is answering")
    answer = desk.answers(page)
    expect(answer.locator(".text")).to_contain_text("Paris", timeout=desk.ANSWER_MS)
    desk.is_done(answer)
    for fact in ("TTFT", "tokens/s", "total", "tokens", "$0.00", "paid by free", "tick"):
        expect(answer.locator(".meter-line")).to_contain_text(fact)
    expect(desk.said(page)).to_contain_text(re.compile(r"answered: \d+ tokens"))
    with page.expect_popup() as opened:
        answer.get_by_role("link", name="Activity").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(desk.MODEL)
    opened.value.get_by_role("link", name="Open in Studio").click()
    expect(opened.value.get_by_role("button", name="Model: SmolLM2 135M Instruct")).to_be_visible()


def test_an_answer_is_written_as_it_comes_and_stopping_ends_the_call_within_two_seconds(page, site):
    page.get_by_label("Longest answer").fill("1000")
    lengths = watch_lengths(page)
    desk.ask(page, LONG)
    answer = desk.answers(page)
    expect(answer.locator(".text")).not_to_be_empty(timeout=desk.ANSWER_MS)
    assert eventually(lambda: len(set(lengths())) > 5), "it comes in pieces"
    stopped = clock.now()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    public_id = (answer.get_by_role("link", name="Activity").get_attribute("href") or "").rsplit("/", 1)[1]
    assert eventually(lambda: (row(site, public_id) or {}).get("status") == "client_closed")
    told = row(site, public_id)
    assert datetime.fromisoformat(told["created_at"]) + timedelta(milliseconds=told["latency_ms"]) - stopped < timedelta(seconds=2)
    assert 0 < told["completion_tokens"] < 900
    assert (told["paid_by"], told["cost"]) == ("free", 0)
    expect(answer.locator(".meter-line")).to_contain_text(f"{told['prompt_tokens']} → {told['completion_tokens']} tokens")
    expect(answer.locator(".meter-line")).to_contain_text("stopped")
    expect(desk.said(page)).to_contain_text("was stopped")


def test_the_conversation_goes_on_after_a_stop(page):
    page.get_by_label("Longest answer").fill("1000")
    desk.ask(page, LONG)
    expect(desk.answers(page).locator(".text")).not_to_be_empty(timeout=desk.ANSWER_MS)
    page.get_by_role("button", name="Stop").click()
    page.get_by_label("Longest answer").fill("12")
    desk.ask(page, "Thank you. What is the capital of France?")
    desk.is_done(desk.answers(page).nth(1))
    expect(desk.answers(page).nth(1).locator(".meter-line")).to_contain_text("tokens")
    page.get_by_role("button", name="Answer again").last.click()
    expect(desk.answers(page)).to_have_count(2)
    desk.is_done(desk.answers(page).nth(1))


def test_the_copied_curl_answers(page, site):
    page.get_by_label("Longest answer").fill("20")
    desk.prompt(page).fill(QUESTION)
    page.get_by_role("button", name="Get code").click()
    dialog = page.get_by_role("dialog", name="This call as code")
    dialog.get_by_role("tab", name="curl").click()
    dialog.get_by_role("button", name="Copy curl").click()
    script = page.evaluate("navigator.clipboard.readText()")
    told = subprocess.run(
        ["bash", "-c", script], env=os.environ | {"CLOD_API_KEY": site.api_key}, capture_output=True, text=True, timeout=60, check=True
    )
    assert "Paris" in told.stdout
    for language in ("Python", "Node.js", "HTTP"):
        dialog.get_by_role("tab", name=language).click()
        expect(dialog.get_by_role("tabpanel", name=language)).to_contain_text(QUESTION)


def test_the_exact_request_and_response_can_be_read_without_the_token(page):
    page.get_by_label("Longest answer").fill("8")
    desk.ask(page, QUESTION)
    desk.is_done(desk.answers(page))
    page.get_by_role("button", name="JSON", exact=True).click()
    expect(desk.answers(page).locator("> .json")).to_contain_text('"object": "chat.completion"')
    page.get_by_role("button", name="Request and response").click()
    dialog = page.get_by_role("dialog", name="Request and response")
    expect(dialog).to_contain_text('"max_completion_tokens":8')
    for part in ("x-request-id: req_", "x-clod-price-tick:", "data: [DONE]"):
        expect(dialog).to_contain_text(part)
    assert not re.search(r"clod_st_\w", page.content())


def test_the_keyboard_alone_chooses_a_model_asks_and_reads(page):
    page.get_by_role("button", name="Model: SmolLM2 135M Instruct").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("smollm2 135")
    page.keyboard.press("Enter")
    page.get_by_label("Longest answer").fill("8")
    page.keyboard.press("/")
    page.locator("#add-pane").focus()
    page.keyboard.press("/")
    expect(desk.prompt(page)).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Control+Enter")
    desk.is_done(desk.answers(page))
    expect(desk.prompt(page)).to_be_focused()


WATCH = """() => {
    const length = () => document.querySelector(".assistant .text")?.textContent.length ?? 0;
    window.lengths = [];
    new MutationObserver(() => lengths.push(length())).observe(panes, {subtree: true, childList: true, characterData: true});
}"""


def watch_lengths(page: Page):
    page.evaluate(WATCH)
    return lambda: page.evaluate("window.lengths")


def row(site, public_id):
    answer = httpx2.get(f"{site.base_url}/v1/requests/{public_id}", headers={"authorization": f"Bearer {site.api_key}"})
    return answer.json() if answer.status_code == 200 else None
