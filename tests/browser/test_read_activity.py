"""Activity in a browser: the chart follows what is chosen, filters are ticked and taken away, requests arrive by themselves."""

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages

pytestmark = [pytest.mark.site, pytest.mark.browser]

MODEL = "smollm2-135m-instruct"
ANSWER_MS = 60_000
AWAY = """() => {
  const real = window.fetch;
  window.fetch = (to, how) => (`${to}`.includes("seen=") && !window.isBack ? Promise.reject(new TypeError("away")) : real(to, how));
}"""


def call(site) -> None:
    body = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}], "max_completion_tokens": 3}
    answer = httpx.post(f"{site.base_url}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {site.api_key}"}, timeout=60)
    assert answer.status_code == 200


@pytest.fixture
def page(open_page, site) -> Page:
    call(site)
    page = open_page()
    pages.enter(page, site)
    page.goto("/activity")
    return page


def test_the_chart_follows_what_is_chosen_and_the_address_does_too(page):
    expect(page.locator(".usage-sketch .bars")).to_be_visible()
    page.get_by_role("link", name="Latency", exact=True).click()
    expect(page.locator(".usage-sketch .curve")).to_have_count(3)
    expect(page.get_by_role("img", name="Latency over time")).to_be_visible()
    page.locator("select[name=by]").select_option("model")
    expect(page.locator(".usage-sketch .curve")).to_have_count(1)
    expect(page.locator(".usage-sketch .sketch-names")).to_have_text(MODEL)
    expect(page).to_have_url(re.compile("metric=latency&by=model"))
    page.reload()
    expect(page.locator("a[data-metric=latency]")).to_have_attribute("aria-current", "true")
    page.get_by_text("The same numbers as a table").click()
    expect(page.locator("#chart-table").get_by_role("columnheader", name=MODEL)).to_be_visible()


def test_plotly_comes_when_the_reader_reaches_for_the_chart_and_then_follows_too(page):
    asked: list[str] = []
    page.on("request", lambda request: "plotly" in request.url and asked.append(request.url))
    page.reload()
    page.wait_for_load_state("load")
    expect(page.locator(".usage-sketch .bars")).to_be_visible()
    assert asked == []
    page.locator(".usage-chart").hover()
    expect(page.locator(".usage-chart .barlayer .trace").first).to_be_attached(timeout=ANSWER_MS)
    expect(page.locator(".usage-sketch")).to_have_count(0)
    page.get_by_role("link", name="Latency", exact=True).click()
    expect(page.locator(".usage-chart .scatterlayer .trace")).to_have_count(3)
    expect(page.get_by_role("img", name="Latency over time")).to_be_visible()
    assert len(asked) == 1


def test_a_chart_the_pointer_was_on_before_its_script_came_is_drawn(page):
    with pages.before_script(page, "activity-chart"):
        page.reload(wait_until="commit")
        page.locator(".usage-chart").hover()
    expect(page.locator(".usage-chart .barlayer .trace").first).to_be_attached(timeout=ANSWER_MS)


def test_what_the_server_drew_stays_when_plotly_cannot_be_had(chromium, site):
    call(site)
    context = chromium.new_context(base_url=site.base_url)
    page = context.new_page()
    pages.enter(page, site)
    page.goto("/activity")
    page.route("**/plotly.min*", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.locator(".usage-chart").hover()
    expect(page.locator(".usage-chart[aria-busy]")).to_have_count(0)
    expect(page.locator(".usage-sketch .bars")).to_be_visible()
    page.unroute("**/plotly.min*")
    page.mouse.move(0, 0)
    page.locator(".usage-chart").hover()
    expect(page.locator(".usage-chart .barlayer .trace").first).to_be_attached(timeout=ANSWER_MS)
    context.close()


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


def test_what_was_chosen_before_the_script_came_is_shown(page):
    with pages.before_script(page, "activity"):
        page.goto("/activity", wait_until="commit")
        page.locator("select[name=range]").select_option("7d")
    expect(page).to_have_url(re.compile(r"\?range=7d$"))
    page.go_back()
    expect(page.locator("[data-tail-state]")).to_have_text("Live")
    expect(page).to_have_url(re.compile("/activity$"))


def test_boxes_ticked_before_the_script_came_count_when_their_menu_closes(page):
    with pages.before_script(page, "activity"):
        page.goto("/activity", wait_until="commit")
        page.locator("summary", has_text="Status").click()
        page.get_by_label("Ok", exact=True).check()
    expect(page.locator("[data-tail-state]")).to_have_text("Live")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"\?status=ok$"))


def test_a_new_request_arrives_by_itself_and_the_open_table_stays_open(page, site):
    rows = page.locator(".requests tbody tr")
    before = rows.count()
    page.get_by_text("The same numbers as a table").click()
    call(site)
    expect(rows).to_have_count(min(before + 1, 50), timeout=ANSWER_MS)
    expect(page.locator("#chart-table table")).to_be_visible()


def arrive(page, site) -> str:
    """A new request's id, once the server has it."""
    call(site)
    return str(pages.get(page, "/api/activity/requests?limit=1").json()["data"][0]["id"])


def test_while_somebody_reads_further_down_a_button_says_what_is_new(page, site):
    page.set_viewport_size({"width": 1440, "height": 400})
    for _ in range(8):
        call(site)
    page.goto("/activity")
    rows = page.locator(".requests tbody tr")
    page.evaluate("document.querySelectorAll('.requests tbody tr')[3].scrollIntoView()")
    first, place = rows.first.get_attribute("data-id"), rows.nth(5).bounding_box()
    new = arrive(page, site)
    button = page.get_by_role("button", name="1 new request")
    expect(button).to_be_visible(timeout=ANSWER_MS)
    assert (rows.first.get_attribute("data-id"), rows.nth(5).bounding_box()) == (first, place)
    button.click()
    expect(rows.first).to_have_attribute("data-id", new)
    expect(button).to_be_hidden()
    expect(rows.first).to_be_in_viewport()


def test_an_open_drawer_stays_and_what_is_new_waits_behind_it(page, site):
    rows = page.locator(".requests tbody tr")
    first = rows.first.get_attribute("data-id")
    rows.first.get_by_role("link").click()
    expect(page.locator("#request-drawer")).to_contain_text(first)
    with page.expect_response(lambda answer: "seen=" in answer.url and answer.status == 200, timeout=ANSWER_MS):
        new = arrive(page, site)
    assert rows.first.get_attribute("data-id") == first
    page.keyboard.press("Escape")
    expect(rows.first).to_have_attribute("data-id", new, timeout=ANSWER_MS)


def test_a_paused_tail_stays_paused_on_the_next_visit(page, site):
    asked = []
    page.get_by_role("button", name="Pause").click()
    page.reload()
    page.on("request", lambda request: "seen=" in request.url and asked.append(request.url))
    expect(page.locator("[data-tail-state]")).to_have_text("Paused")
    rows = page.locator(".requests tbody tr")
    before, new = rows.first.get_attribute("data-id"), arrive(page, site)
    page.wait_for_timeout(5000)
    assert (asked, rows.first.get_attribute("data-id")) == ([], before)
    page.get_by_role("button", name="Resume").click()
    expect(rows.first).to_have_attribute("data-id", new, timeout=ANSWER_MS)


def test_a_server_that_does_not_answer_is_told_and_asked_again(page, site):
    page.evaluate(AWAY)
    expect(page.locator("[data-tail-state]")).to_contain_text("No answer from the server", timeout=ANSWER_MS)
    page.evaluate("window.isBack = true")
    new = arrive(page, site)
    expect(page.locator(".requests tbody tr").first).to_have_attribute("data-id", new, timeout=ANSWER_MS)
    expect(page.locator("[data-tail-state]")).to_have_text("Live")


def test_the_keyboard_goes_from_request_to_request(page, site):
    call(site)
    page.goto("/activity")
    rows = page.locator(".requests tbody tr")
    ids = [rows.nth(number).get_attribute("data-id") for number in range(2)]
    drawer = page.locator("#request-drawer")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(drawer).to_contain_text(ids[0])
    page.keyboard.press("j")
    expect(drawer).to_contain_text(ids[1])
    page.keyboard.press("ArrowUp")
    expect(drawer).to_contain_text(ids[0])
    expect(page.get_by_role("button", name="Newer request")).to_be_disabled()
    page.get_by_role("link", name="Open as a page").click()
    expect(page).to_have_url(re.compile(f"{ids[0]}$"))
    page.wait_for_load_state("networkidle")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(ids[1]))
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(ids[0]))


@pytest.mark.parametrize("form", ["CSV", "JSON lines"])
def test_an_export_is_handed_over_whole(page, form):
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=form).click()
    text = download.value.path().read_text()
    many = page.locator(".requests tbody tr").count()
    assert f"end: {many} requests" in text or f'"requests": {many},' in text
    panel = page.get_by_role("region", name="Export")
    expect(panel).to_contain_text("Exported")
    panel.get_by_role("button", name="Close").click()
    expect(panel).to_be_hidden()


def test_an_export_that_breaks_off_is_not_handed_over(page):
    text = "id,created_at\nreq_1,2026\n"
    page.route(re.compile(r"activity\.csv"), lambda route: route.fulfill(body=text, content_type="text/csv", headers={}))
    page.locator("summary", has_text="Export").click()
    page.get_by_role("link", name="CSV").click()
    panel = page.get_by_role("region", name="Export")
    expect(panel).to_contain_text("The connection broke after")
    page.unroute(re.compile(r"activity\.csv"))
    with page.expect_download():
        panel.get_by_role("button", name="Try again").click()


def test_a_view_is_saved_with_the_chart_that_is_shown_and_deleting_it_can_be_undone(page):
    page.goto("/activity?status=ok")
    page.get_by_role("link", name="Latency", exact=True).click()
    expect(page).to_have_url(re.compile("metric=latency"))
    page.locator("summary", has_text="Views").click()
    page.get_by_role("link", name="Save this as a view").click()
    dialog = page.locator("#save-view")
    dialog.get_by_label("Name").fill("Slow ones")
    dialog.get_by_role("button", name="Save view").click()
    expect(page).to_have_url(re.compile(r"\?status=ok&metric=latency&view=view_"))
    page.locator("summary", has_text="Slow ones").click()
    page.get_by_role("link", name="Manage views").click()
    row = page.get_by_role("row", name="Slow ones")
    expect(row).to_contain_text("Status: Ok · Last 24 hours · Latency")
    row.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    row.get_by_role("button", name="Delete").click()


def test_columns_that_are_hidden_stay_hidden(page):
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Price tick").uncheck()
    page.get_by_label("Project", exact=True).last.check()
    for _ in range(2):
        expect(page.get_by_role("columnheader", name="Tick")).to_be_hidden()
        expect(page.locator("th.col-project")).to_be_visible()
        page.reload()
