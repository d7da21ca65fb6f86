"""The Models pages in a browser: the chart's views, models chosen and compared, and all of it without JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import pages
from tests.site import Site

pytestmark = [pytest.mark.site, pytest.mark.browser]

MODEL = "/models/smollm2-135m-instruct"
CHART_MS = 40_000


def draw(page: Page, address: str = MODEL) -> None:
    """The page as it is once the reader has reached for the chart."""
    page.goto(address)
    page.locator("[data-chart]").hover()
    expect(page.locator(".chart .scatterlayer .trace").first).to_be_attached(timeout=CHART_MS)


def test_plotly_comes_when_the_reader_reaches_for_the_chart(open_page):
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: "plotly" in request.url and asked.append(request.url))
    page.goto(MODEL)
    expect(page.locator(".sketch path.routed")).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert asked == []
    page.locator("[data-chart]").hover()
    expect(page.locator(".chart .scatterlayer .trace").first).to_be_attached(timeout=CHART_MS)
    expect(page.locator(".sketch")).to_have_count(0)
    assert len(asked) == 1


def test_a_chart_the_pointer_was_on_before_its_script_came_is_drawn(open_page):
    page = open_page()
    with pages.before_script(page, "chart"):
        page.goto(MODEL, wait_until="commit")
        page.locator("[data-chart]").hover()
    expect(page.locator(".chart .scatterlayer .trace").first).to_be_attached(timeout=CHART_MS)


def test_what_the_server_drew_is_renewed_when_prices_change(open_page):
    page = open_page()
    page.clock.install()
    page.goto(MODEL)
    expect(page.locator(".sketch path.routed")).to_be_visible()
    page.locator(".sketch").evaluate("sketch => sketch.classList.add('old')")
    with page.expect_response("**/prices.json*"):
        page.clock.fast_forward(61_000)
    page.wait_for_load_state("networkidle")
    expect(page.locator(".sketch.old")).to_have_count(1)
    page.route("**/prices.json*", lambda route: route.fulfill(json={}, headers={"ETag": '"another"'}))
    page.clock.fast_forward(61_000)
    expect(page.locator(".sketch.old")).to_have_count(0)
    expect(page.locator(".sketch path.routed")).to_be_visible()


def test_spans_are_switched_and_the_address_remembers(open_page):
    page = open_page()
    draw(page)
    for name, hours, words in (("4 h", "4", "in 4 hours."), ("7 d", "168", "in 7 days.")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator("[data-chart-words]")).to_contain_text(words)
        expect(page).to_have_url(re.compile(rf"hours={hours}$"))
        expect(page.get_by_role("link", name="As a table")).to_have_attribute("href", f"{MODEL}/prices?show=price&hours={hours}")
    page.reload()
    expect(page.get_by_role("link", name="7 d")).to_have_attribute("aria-current", "true")


def test_electricity_is_loaded_when_it_is_asked_for(open_page):
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: "prices.json" in request.url and asked.append(request.url))
    draw(page)
    assert not any("show=electricity" in url for url in asked)
    page.get_by_role("link", name="Electricity").click()
    expect(page.locator("[data-chart-words]")).to_contain_text("per MWh; the average of 9 data centers")
    expect(page.locator("[data-chart-beside]")).to_have_text("Average data center")
    assert sum("show=electricity" in url for url in asked) == 1


def test_the_figure_is_fetched_once_while_the_page_is_read(open_page):
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: "prices.json" in request.url and asked.append(request.url))
    draw(page)
    assert len(asked) == 1


def test_one_data_center_stands_out_by_keyboard(open_page):
    page = open_page()
    draw(page)
    button = page.locator("[data-site]").first
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-pressed", "false")


def test_when_prices_do_not_come_there_is_a_way_to_try_again(chromium: Browser, site: Site):
    """Without the watch for complaints: the browser itself complains about the failed request."""
    context = chromium.new_context(base_url=site.base_url)
    page = context.new_page()
    page.route("**/prices.json*", lambda route: route.abort())
    page.goto(MODEL)
    with page.expect_event("requestfailed"):
        page.locator("[data-chart]").hover()
    expect(page.locator(".sketch path.routed")).to_be_visible()
    page.get_by_role("link", name="7 d").click()
    expect(page.get_by_text("The prices could not be loaded.")).to_be_visible(timeout=CHART_MS)
    page.unroute("**/prices.json*")
    page.get_by_role("button", name="Try again").press("Enter")  # a pointer on its way there reaches for the chart
    expect(page.locator(".chart .scatterlayer .trace").first).to_be_attached(timeout=CHART_MS)
    context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_models_are_found_ticked_and_compared(open_page, width):
    page = open_page(width=width)
    page.goto("/models")
    page.get_by_role("checkbox", name="Compare SmolLM2 135M Instruct").check()
    page.get_by_label("Reads anything").select_option(label=page.locator("#pick-reads option[value=image]").inner_text())
    expect(page).to_have_url(re.compile("reads=image"))
    page.get_by_role("searchbox").fill("gemma 3 27b")
    expect(page.locator(".market-table tbody tr")).to_have_count(1)
    page.locator(".market-table tbody input").check()
    expect(page.locator(".compare-bar")).to_contain_text("SmolLM2 135M Instruct, Gemma 3 27B")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".compare-table thead th")).to_have_count(2)
    page.locator("[data-chart]").hover()
    expect(page.locator(".chart .scatterlayer .trace")).to_have_count(3, timeout=CHART_MS)


def test_what_was_typed_chosen_and_ticked_before_the_script_came_counts(open_page):
    page = open_page()
    with pages.before_script(page, "models"):
        page.goto("/models", wait_until="commit")
        page.get_by_role("checkbox", name="Compare SmolLM2 135M Instruct").check()
        page.get_by_role("searchbox").fill("gemma 3 27b")
    expect(page.locator(".market-table tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=gemma%203%2027b$"))
    expect(page.locator(".compare-bar")).to_contain_text("SmolLM2 135M Instruct and …")


def test_heads_sort_by_keyboard_and_going_back_undoes_it(open_page):
    page = open_page()
    page.goto("/models?label=hosted")
    page.locator("#head-context").focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Context")
    expect(page.locator("#head-context")).to_be_focused()
    page.go_back()
    expect(page.locator("th[aria-sort]")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")


def test_without_javascript_there_is_a_chart_a_table_and_a_comparison(chromium: Browser, site: Site):
    context = chromium.new_context(base_url=site.base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(MODEL)
    expect(page.locator(".sketch path.routed")).to_have_count(1)
    page.get_by_role("link", name="Electricity").click()
    expect(page.locator(".chart-unit")).to_have_text("US dollars per MWh, delivered and smoothed")
    page.get_by_role("link", name="As a table").click()
    page.get_by_role("link", name="7 d").click()
    page.get_by_role("link", name="Electricity").click()
    expect(page.locator(".price-table thead th")).to_have_count(13)
    expect(page.locator(".price-table tbody tr")).to_have_count(336)
    page.goto("/models?label=hosted&q=phi")
    page.locator("#pick-context").select_option("128000")
    page.get_by_role("button", name="Find").click()
    expect(page).to_have_url(re.compile("q=phi.*label=hosted.*context=128000|context=128000"))
    for box in page.locator(".market-table input").all()[:2]:
        box.check()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".compare-table thead th")).to_have_count(2)
    context.close()
