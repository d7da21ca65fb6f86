"""Activity in a browser: the chart follows what is chosen, filters are ticked and taken away, requests arrive by themselves."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.site, pytest.mark.browser]

MODEL = "smollm2-135m-instruct"
ANSWER_MS = 60_000


def call(site) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 3}
    answer = httpx.post(f"{site.base_url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {site.api_key}"}, timeout=60)
    assert answer.status_code == 200


@pytest.fixture
def page(open_page, site) -> Page:
    call(site)
    page = open_page()
    page.goto("/accounts/login/")
    page.get_by_label("E-mail").fill(site.email)
    page.get_by_label("Password").fill(site.password)
    page.get_by_role("button", name="Log in").click()
    expect(page).not_to_have_url(re.compile("login"))
    page.goto("/activity")
    return page


def test_the_chart_follows_what_is_chosen_and_the_address_does_too(page):
    expect(page.locator(".usage-chart .barlayer .trace").first).to_be_attached(timeout=ANSWER_MS)
    page.get_by_role("link", name="Latency", exact=True).click()
    expect(page.locator(".usage-chart .scatterlayer .trace")).to_have_count(3)
    page.locator("select[name=by]").select_option("model")
    expect(page.locator(".usage-chart .scatterlayer .trace")).to_have_count(1)
    expect(page).to_have_url(re.compile("metric=latency&by=model"))
    page.reload()
    expect(page.locator("a[data-metric=latency]")).to_have_attribute("aria-current", "true")
    page.get_by_text("The same numbers as a table").click()
    expect(page.locator("#chart-table").get_by_role("columnheader", name=MODEL)).to_be_visible()


def test_several_values_are_ticked_and_taken_away_again(page):
    page.locator("summary", has_text="Status").click()
    page.get_by_label("Ok", exact=True).check()
    page.get_by_label("Interrupted").check()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"status=ok&status=expired$"))
    expect(page.locator(".requests tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Status: Ok").click()
    expect(page).to_have_url(re.compile(r"\?status=expired$"))
    expect(page.get_by_role("heading", name="No request matches")).to_be_visible()


def test_a_new_request_arrives_by_itself_and_the_open_table_stays_open(page, site):
    rows = page.locator(".requests tbody tr")
    before = rows.count()
    page.get_by_text("The same numbers as a table").click()
    call(site)
    expect(rows).to_have_count(min(before + 1, 50), timeout=ANSWER_MS)
    expect(page.locator("#chart-table table")).to_be_visible()
