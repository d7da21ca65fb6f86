"""A conversation in Studio when not all goes well: what failed is not said again, what was said can be taken back, its end is in view."""

import base64
import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.site import Site
from tests.studio import desk

pytestmark = [pytest.mark.site, pytest.mark.browser]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
DOT = {"name": "dot.png", "mimeType": "image/png", "buffer": base64.b64decode(PIXEL)}


@pytest.fixture(scope="module")
def fake(fakes):
    json_reads(fakes.site, "text")
    yield fakes
    json_reads(fakes.site, "text", "image")


def json_reads(site: Site, *modalities: str) -> None:
    """What the model fake/json takes."""
    desk.rows(site, f"UPDATE catalog_model SET input_modalities = '{json.dumps(modalities)}' WHERE slug = 'fake-json'")
    desk.rows(site, "UPDATE catalog_catalogversion SET number = number + 1")


@pytest.fixture
def page(chromium, fake):
    with desk.opened(chromium, fake.site, expected=("400", "502", "503", "504", "404")) as page:
        page.goto("/studio?model=fake-echo")
        yield page


def test_what_failed_is_not_sent_again_and_what_was_said_can_be_taken_back(page) -> None:
    sent = bodies(page)
    desk.ask(page, "first")
    desk.is_done(desk.answers(page))
    choose(page, "fake/error-400")
    desk.ask(page, "this fails")
    failed = desk.answers(page).nth(1)
    expect(failed.get_by_role("alert")).to_be_visible()
    asked = page.locator(".turn.user").nth(1)
    expect(asked).to_contain_text("it is not sent with what you say next")
    choose(page, "fake/echo")
    desk.ask(page, "second")
    desk.is_done(desk.answers(page).nth(2))
    assert said(sent[-1]) == ["first", "first", "second"]
    expect(failed.get_by_role("button", name="Try again")).to_be_hidden()
    page.get_by_role("button", name="Remove this prompt and its answer").nth(1).click()
    expect(desk.answers(page)).to_have_count(2)
    page.get_by_role("button", name="Remove this answer").last.click()
    expect(desk.answers(page)).to_have_count(1)
    page.locator("#toasts").get_by_role("button", name="Undo").last.click()
    expect(desk.answers(page).locator(".text")).to_have_text(["first", "second"])
    page.get_by_role("button", name="Edit this prompt").last.click()
    expect(desk.prompt(page)).to_have_value("second")
    desk.ask(page, "third")
    expect(desk.answers(page).locator(".text")).to_have_text(["first", "third"])
    assert said(sent[-1]) == ["first", "first", "third"]


def test_one_prompt_for_all_panes_is_edited_in_all_of_them(page) -> None:
    desk.add_pane(page, "fake/slow")
    desk.ask(page, "to both")
    expect(desk.answers(page)).to_have_count(2)
    for answer in desk.answers(page).all():
        desk.is_done(answer)
    page.get_by_role("button", name="Edit this prompt").first.click()
    expect(desk.answers(page)).to_have_count(0)
    expect(desk.prompt(page)).to_have_value("to both")


def test_a_call_that_failed_or_was_stopped_before_its_first_word_leads_to_activity(page) -> None:
    for model in ("fake/error-500", "fake/hang"):
        choose(page, model)
        desk.ask(page, f"to {model}")
        answer = desk.answers(page).last
        if model == "fake/hang":
            expect(answer.locator(".meter-line")).to_contain_text("waiting")
            page.keyboard.press("Escape")
        link = answer.get_by_role("link", name="Activity")
        expect(link).to_be_visible(timeout=desk.ANSWER_MS)
        expect(answer.get_by_role("button", name="Answer again")).to_be_visible()
        answer.get_by_role("button", name="Request and response").click()
        expect(page.get_by_role("dialog", name="Request and response")).to_contain_text(f"to {model}")
        page.keyboard.press("Escape")
        answer.get_by_role("button", name="Routing, cost and time").click()
        expect(page.locator("#request-drawer")).to_contain_text(model.replace("/", "-"))
        page.keyboard.press("Escape")
        with page.expect_popup() as opened:
            link.click()
        expect(opened.value.get_by_role("heading", level=1)).to_have_text(model.replace("/", "-"))
        opened.value.close()
    expect(desk.answers(page)).to_have_count(2)  # the conversation is still there
    expect(desk.said(page)).to_contain_text("was stopped: 0 tokens")


def test_a_refused_call_tells_its_id(page) -> None:
    page.get_by_text("More parameters").click()
    page.get_by_label("Stop at").fill("\n".join("abcdefghijklmnopq"))
    desk.ask(page, "seventeen texts to stop at")
    answer = desk.answers(page)
    expect(answer.locator(".meter-line")).to_contain_text(re.compile(r"req_\w{22}"))
    expect(answer.get_by_role("link", name="Activity")).to_have_count(0)  # nothing was held, so nothing is logged
    expect(answer.get_by_role("button", name="Request and response")).to_be_visible()


def test_images_go_only_to_models_that_read_them(page) -> None:
    sent = bodies(page)
    desk.add_pane(page, "fake/json")
    page.locator("#files").set_input_files([DOT])
    reads, blind = page.locator("section.pane").all()
    expect(blind).to_contain_text("This model reads no images: they are not sent to it.")
    expect(reads).not_to_contain_text("This model reads no images: they are not sent to it.", use_inner_text=True)
    desk.ask(page, "What is this?")
    expect(desk.answers(page)).to_have_count(2)
    for answer in desk.answers(page).all():
        desk.is_done(answer)
    contents = {body["model"]: body["messages"][-1]["content"] for body in sent}
    assert contents["fake-json"] == "What is this?"
    assert contents["fake-echo"][1]["type"] == "image_url"
    blind.get_by_role("button", name="Remove this pane").click()
    choose(page, "fake/json")
    desk.ask(page, "And now?")
    desk.is_done(desk.answers(page).last)
    assert all(isinstance(message["content"], str) for message in sent[-1]["messages"]), "the image of before stays away too"


def test_a_long_prompt_is_sent_whole_or_not_at_all(page) -> None:
    sent = bodies(page)
    long = "words of a long document " * 6000
    desk.prompt(page).fill("Sum this up:")
    paste(page, long)
    expect(page.locator("#pasted")).to_contain_text("Pasted text, 150,000 characters")
    page.reload()
    expect(page.locator("#pasted")).to_contain_text("characters")
    desk.prompt(page).press("Enter")
    desk.is_done(desk.answers(page))
    assert said(sent[0]) == [f"Sum this up:\n\n{long}"]
    expect(page.locator("#pasted")).to_be_hidden()
    expect(page.locator(".turn.user").last).to_contain_text("more characters")
    page.get_by_role("button", name="New conversation").click()
    paste(page, ("ж" * 109 + "\n") * 20_000)
    expect(page.locator(".quote")).to_contain_text("would have 4.2 MiB, and the API takes 4.0")
    desk.prompt(page).press("Enter")
    expect(page.locator("#toasts")).to_contain_text("the API takes 4.0")
    assert len(sent) == 1
    page.get_by_role("button", name="Remove the pasted text").click()
    expect(page.locator("#pasted")).to_be_hidden()


@pytest.mark.parametrize("panes", [1, 3])
def test_the_end_of_every_answer_stays_in_view_unless_its_reader_scrolls_up(page, panes: int) -> None:
    page.set_viewport_size({"width": 1280, "height": 620})
    for _ in range(panes - 1):
        desk.add_pane(page, "fake/echo")
    page.get_by_text("More parameters").click()
    page.get_by_label("Answers").fill("3")
    text = "\n\n".join(f"# Heading {n}\n\n- one\n- two\n\n```python\nprint({n})\n```" for n in range(6))
    desk.ask(page, text)
    for pane in page.locator("section.pane").all():
        desk.is_done(pane.locator("article.assistant"))
        expect(pane.locator(".meter-line")).to_contain_text("tick")
        expect(pane.locator(".turn-tools")).to_be_in_viewport()
    talk = page.locator(".conversation").first
    talk.hover()
    page.mouse.wheel(0, -600)
    expect(talk.locator(".turn-tools")).not_to_be_in_viewport()
    before = talk.evaluate("element => element.scrollTop")
    talk.evaluate("element => { element.querySelector('.assistant').append('x '.repeat(4000)) }")
    page.wait_for_function("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
    assert talk.evaluate("element => element.scrollTop") == before


def test_esc_closes_a_menu_or_stops_an_answer_but_not_both(page) -> None:
    choose(page, "fake/hang")
    desk.ask(page, "wait")
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_text("Presets", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="All presets")).to_be_hidden()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


def test_scripts_that_are_written_from_the_right_are_laid_out_so(page) -> None:
    hebrew = "שלום, מה שלומך?\n\n- אחת\n- שתיים"
    desk.ask(page, hebrew)
    desk.is_done(desk.answers(page))
    expect(page.locator(".assistant .text.formatted li").first).to_be_visible()
    for part in (page.locator(".turn.user .text"), page.locator(".assistant .text")):
        assert direction(part) == "rtl"
    desk.prompt(page).fill(hebrew)
    assert direction(desk.prompt(page)) == "rtl"


def test_a_strategy_alone_tells_which_model_answered_and_stays_with_its_model(page) -> None:
    page.get_by_role("button", name="Model: fake/echo").click()
    dialog = page.get_by_role("dialog", name="Model")
    expect(dialog.locator("[aria-selected=true]")).to_contain_text("fake/echo")
    expect(dialog.locator("[aria-selected=true]")).to_be_in_viewport()
    page.get_by_role("combobox", name="Find a model").fill("any")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Model: Any model @price")).to_be_visible()
    page.get_by_role("button", name="Model: Any model @price").click()
    page.get_by_role("combobox", name="Find a model").fill("fake/echo")
    expect(dialog.get_by_role("button", name="Cheapest")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Model: fake/echo")).to_be_visible()
    page.goto("/studio?model=%40price")
    page.get_by_label("Longest answer").fill("12")  # the cheapest is the real model
    desk.ask(page, "who are you?")
    desk.is_done(desk.answers(page))
    expect(desk.answers(page).locator(".who")).to_contain_text("chosen by Any model @price")


def test_the_figures_below_are_those_of_the_top_bar(page, fake) -> None:
    means, bar = page.locator("#means"), page.locator("[data-wallet-fact] b")
    expect(means).to_contain_text("of 100 free requests left")
    desk.ask(page, "costs something " * 400)
    desk.is_done(desk.answers(page))
    wallet = bar.inner_text()
    expect(means).to_contain_text(f"Wallet {wallet}")
    desk.rows(fake.site, "UPDATE billing_wallet SET balance_nanousd = balance_nanousd + 5000000000")
    try:
        page.evaluate("dispatchEvent(new Event('focus'))")  # the reader comes back from another tab
        expect(bar).not_to_have_text(wallet)
        expect(means).to_contain_text(f"Wallet {bar.inner_text()}")
    finally:
        desk.rows(fake.site, "UPDATE billing_wallet SET balance_nanousd = balance_nanousd - 5000000000")
    choose(page, "fake/no-usage")
    desk.ask(page, "how much?")
    expect(desk.answers(page).last.locator(".meter-line")).to_contain_text("≈ $")
    page.goto(f"/studio?model={desk.MODEL}")
    desk.prompt(page).fill("for free?")
    left = page.locator("[data-free-fact] b").inner_text()
    expect(page.locator(".quote")).to_contain_text(f"Free, one of the {left} requests left")
    expect(means).to_contain_text(f"{left} of 100 free requests left")


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_nothing_is_cut_or_covered(page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    for _ in range(3):
        desk.add_pane(page, "fake/echo")
    assert page.locator("#panes").evaluate("panes => panes.scrollWidth <= panes.clientWidth"), "all panes are in sight"
    assert page.locator("[role=tab]").last.evaluate("tab => tab.getAttribute('aria-selected')") == "true", "the new pane is shown"
    desk.ask(page, "first")
    expect(desk.answers(page)).to_have_count(4)
    page.get_by_role("button", name="New conversation").click()
    desk.prompt(page).fill("\n".join(f"line {number}" for number in range(9)))
    quote = page.locator(".quote:visible").last
    expect(quote).to_be_visible()
    pane, line = box(page.locator("section.pane:visible").last), box(quote)
    assert line["y"] + line["height"] <= pane["y"] + pane["height"] + 1
    toast, send = box(page.locator(".toast").last), box(page.get_by_role("button", name="Send", exact=True))
    assert toast["y"] + toast["height"] < send["y"]
    if width > 1080:
        composer = box(page.locator("#composer"))
        assert height - 24 <= composer["y"] + composer["height"] <= height, "the window is used"


def test_question_mark_shows_the_keys(page) -> None:
    page.locator("#add-pane").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("stop all answers")
    page.keyboard.press("Escape")
    page.goto("/models")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("go to a page by its name")


def choose(page: Page, model: str) -> None:
    page.locator("[data-pick]:visible").first.click()
    page.get_by_role("combobox", name="Find a model").fill(model)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Model")).to_be_hidden()


def paste(page: Page, text: str) -> None:
    """At once, as a clipboard brings it."""
    desk.prompt(page).evaluate(
        """(area, text) => {
            const carried = new DataTransfer();
            carried.setData("text/plain", text);
            const event = new ClipboardEvent("paste", {clipboardData: carried, bubbles: true, cancelable: true});
            if (area.dispatchEvent(event)) throw new Error("left to the browser");
        }""",
        text,
    )


def bodies(page: Page) -> list[dict]:
    """What the page sends to the API, as it is sent."""
    seen: list[dict] = []
    page.on("request", lambda request: request.url.endswith("/chat/completions") and seen.append(json.loads(request.post_data or "{}")))
    return seen


def said(body: dict) -> list[str]:
    return [message["content"] for message in body["messages"]]


def box(part: Locator) -> dict:
    return part.bounding_box() or {}


def direction(part: Locator) -> str:
    return str(part.evaluate("element => getComputedStyle(element).direction"))
