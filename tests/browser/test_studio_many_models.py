"""Studio with the fake provider: models compared, tools, formats and images, long answers, and what each of them costs."""

import base64
import json
import re
import time

import pytest
from playwright.sync_api import Page, expect

from tests.browser import pages
from tests.site import eventually
from tests.studio import desk

pytestmark = [pytest.mark.site, pytest.mark.browser]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SUFFICIENT_FRAMES = 3  # a browser may paint once more at either end


@pytest.fixture
def page(chromium, fakes):
    with desk.opened(chromium, fakes.site) as page:
        page.goto("/studio?model=fake-echo")
        yield page


def test_two_models_answer_one_prompt_side_by_side(page):
    desk.add_pane(page, "fake/reasoning")
    desk.ask(page, "**Hello** from both")
    panes = page.locator("section.pane")
    expect(panes.nth(0).locator(".assistant .text strong")).to_have_text("Hello")
    expect(panes.nth(1).locator(".assistant .text")).to_contain_text("Same request")
    expect(panes.nth(1).get_by_text("Thoughts")).to_be_visible()
    for pane in panes.all():
        expect(pane.locator(".meter-line")).to_contain_text(re.compile(r"TTFT .*total .*→ .*\$0\.0.*paid by wallet.*tick"))


def test_separate_prompts_and_systems(page):
    desk.add_pane(page, "fake/echo")
    page.get_by_role("button", name="Separate prompts").click()
    for number, area in enumerate(page.get_by_label("Prompt of this pane").all()):
        area.fill(f"for pane {number}")
    page.locator("section.pane").nth(1).get_by_text("System prompt").click()
    page.get_by_label("System prompt for this pane only").nth(1).fill("Be brief.")
    page.get_by_role("button", name="Send all").click()
    for number, pane in enumerate(page.locator("section.pane").all()):
        expect(pane.locator(".assistant .text")).to_have_text(f"for pane {number}")
    page.get_by_role("button", name="Request and response").nth(1).click()
    expect(page.get_by_role("dialog", name="Request and response")).to_contain_text("Be brief.")


def test_on_a_phone_panes_are_tabs(chromium, fakes):
    with desk.opened(chromium, fakes.site, viewport={"width": 390, "height": 844}) as page:
        page.goto("/studio?model=fake-echo")
        desk.add_pane(page, "fake/slow")
        expect(page.locator("section.pane:visible")).to_have_count(1)
        page.get_by_role("tab", name="fake/slow").click()
        expect(page.get_by_role("button", name="Model: fake/slow")).to_be_visible()
        page.keyboard.press("ArrowLeft")
        expect(page.get_by_role("button", name="Model: fake/echo")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_stopped_answer_costs_its_prompt_and_what_was_written(page, fakes):
    turned(page, words=400, pause_s=0.05)
    page.goto("/studio?model=fake-slow")
    desk.ask(page, "one two three")
    answer = desk.answers(page)
    expect(answer.locator(".text")).to_contain_text("fake provider")
    stopped = time.monotonic()
    page.keyboard.press("Escape")
    public_id = (answer.get_by_role("link", name="Activity").get_attribute("href") or "").rsplit("/", 1)[1]
    assert eventually(lambda: settled(page, public_id) is not None)
    assert time.monotonic() - stopped < 10, "the whole answer would have taken twenty"
    row = settled(page, public_id)
    assert row["status"] == "client_closed"
    tokens_in, tokens_out = row["prompt_tokens"], row["completion_tokens"]
    assert 3 <= tokens_out < 200
    charged = -(-(tokens_in * 1_000_000_000 + tokens_out * 4_000_000_000) * 10_500 // (1_000_000 * 10_000))
    assert round(row["cost"] * 1_000_000_000) == charged
    expect(answer.locator(".meter-line")).to_contain_text(f"{tokens_in} → {tokens_out} tokens")
    expect(answer.locator(".meter-line")).to_contain_text("you pay for what was written")


def test_the_price_is_told_before_sending(page):
    page.get_by_label("Longest answer").fill("100")
    desk.prompt(page).fill("What would this cost?")
    quote = page.locator(".quote")
    expect(quote).to_contain_text(re.compile(r"Up to about \$0\.000\d+ · holds \$0\.000\d+ · about \d+ → 100 tokens"))
    expect(page.locator("#means")).to_contain_text("of 100 free requests left")
    page.get_by_label("Longest answer").fill("16385")
    page.get_by_label("Longest answer").evaluate("field => field.removeAttribute('max')")
    expect(quote).to_contain_text("Would be refused")
    expect(quote).to_contain_text("16384")


def test_a_tool_is_called_and_its_result_goes_back(page):
    page.goto("/studio?model=fake-tool-call")
    page.get_by_text("Tools", exact=True).click()
    tools = page.get_by_label("Tools, as a JSON list")
    tools.fill('[{"type": "function",\n  "function" {}}]')
    expect(page.locator("#tools-problem")).to_contain_text("Line 2, column 14")
    page.locator("[data-example-of=tools]").click()
    expect(page.locator("#tools-problem")).to_be_empty()
    desk.ask(page, "What is the weather in Paris?")
    answer = desk.answers(page)
    expect(answer.first).to_contain_text("get_weather")
    page.get_by_label("Result").fill('{"celsius": 21}')
    page.get_by_role("button", name="Send results").click()
    expect(answer.nth(1).locator(".text")).to_contain_text("Same request")


def test_an_answer_to_a_schema_is_shown_as_json(page):
    page.goto("/studio?model=fake-json")
    page.get_by_text("Form of the answer").click()
    page.get_by_label("Format").select_option("json_schema")
    page.locator("[data-example-of=schema]").click()
    desk.ask(page, "Where is it?")
    code = desk.answers(page).locator(".text pre")
    expect(code).to_be_visible()
    assert json.loads(code.inner_text()).keys() == {"city", "country"}


def test_several_answers_stand_below_each_other(page):
    page.get_by_text("More parameters").click()
    page.get_by_label("Answers").fill("3")
    desk.ask(page, "three times")
    expect(desk.answers(page).locator(".text")).to_have_text(["three times"] * 3)


def test_what_a_model_does_not_take_cannot_be_set(page):
    page.goto(f"/studio?model={desk.MODEL}")
    page.get_by_text("Tools", exact=True).click()
    expect(page.get_by_label("Tools, as a JSON list")).to_be_disabled()
    expect(page.locator("#studio-side")).to_contain_text("Not taken by SmolLM2 135M Instruct.")
    desk.add_pane(page, "fake/echo")
    expect(page.get_by_label("Tools, as a JSON list")).to_be_enabled()
    expect(page.locator("#studio-side")).to_contain_text("Not sent to SmolLM2 135M Instruct.")
    page.locator("section.pane").nth(1).get_by_role("button", name="Remove this pane").click()
    expect(page.get_by_role("button", name="Add an image")).to_be_disabled()


def test_an_image_goes_with_the_prompt(page):
    image = {"name": "dot.png", "mimeType": "image/png", "buffer": base64.b64decode(PIXEL)}
    page.locator("#files").set_input_files([image])
    expect(page.locator("#thumbs img")).to_have_count(1)
    for name, content, says in (
        ("big.png", b"\0" * 3_500_000, "the API takes 4.0"),
        ("words.png", b"no image at all", "words.png cannot be read as an image"),
        ("empty.png", b"", "empty.png cannot be read as an image"),
        ("notes.txt", b"some notes", "notes.txt is text/plain. Take PNG"),
    ):
        kind = "text/plain" if name.endswith("txt") else "image/png"
        page.locator("#files").set_input_files([{"name": name, "mimeType": kind, "buffer": content}])
        expect(page.locator("#toasts")).to_contain_text(says)
    expect(page.locator("#thumbs img")).to_have_count(1)
    desk.ask(page, "What is this?")
    expect(desk.answers(page).locator(".text")).to_have_text("What is this?")
    expect(page.locator("#thumbs img")).to_have_count(0)
    page.get_by_role("button", name="Request and response").click()
    expect(page.get_by_role("dialog", name="Request and response")).to_contain_text("data:image/png;base64,iVBORw0KGgo")


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_pasted_or_dropped_image_is_taken(page, way):
    page.evaluate(
        """([data, way]) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const carried = new DataTransfer();
            carried.items.add(new File([bytes], "dot.png", {type: "image/png"}));
            const [on, options] = [document.getElementById("panes"), {bubbles: true, cancelable: true}];
            if (way === "drop") on.dispatchEvent(new DragEvent("dragover", {dataTransfer: carried, ...options}));
            const dropped = new DragEvent("drop", {dataTransfer: carried, ...options});
            const pasted = new ClipboardEvent("paste", {clipboardData: carried, ...options});
            if (on.dispatchEvent(way === "drop" ? dropped : pasted)) throw new Error("the browser would open the file instead of the page");
        }""",
        [PIXEL, way],
    )
    expect(page.locator("#thumbs img")).to_have_count(1)
    page.get_by_role("button", name="Remove the image").click()
    expect(page.locator("#thumbs img")).to_have_count(0)


def test_an_answer_of_twenty_thousand_tokens_is_written_at_most_once_a_frame(page):
    turned(page, words=10_000, pause_s=0)
    page.goto("/studio?model=fake-long")
    page.get_by_label("Longest answer").fill("10000")
    page.get_by_text("More parameters").click()
    page.get_by_label("Answers").fill("2")
    page.evaluate(
        """() => {
            window.frames = 0; window.writes = 0;
            const frame = () => { frames += 1; requestAnimationFrame(frame); };
            requestAnimationFrame(frame);
            new MutationObserver((list) => { if (list.some(({target}) => target.nodeType === Node.TEXT_NODE)) writes += 1; })
                .observe(panes, {subtree: true, characterData: true});
        }"""
    )
    desk.ask(page, "Go on.")
    expect(desk.answers(page).locator(".meter-line")).to_contain_text("tick", timeout=desk.ANSWER_MS)
    words = sum(len(text.split()) for text in desk.answers(page).locator(".text").all_text_contents())
    told = page.evaluate("({frames, writes})")
    assert words == 20_000
    assert told["writes"] <= told["frames"] + SUFFICIENT_FRAMES
    page.get_by_role("button", name="Request and response").click()
    expect(page.get_by_role("dialog", name="Request and response")).to_contain_text("more events")


def test_what_a_model_writes_can_do_nothing_in_the_page(page):
    page.evaluate("window.hurt = 0")
    desk.ask(page, '<img src=x onerror="hurt = 1"> [x](javascript:hurt=1) <script>hurt = 1</script> ![y](https://example.org/y.png)')
    desk.is_done(desk.answers(page))
    expect(desk.answers(page).locator(".text")).to_contain_text("<script>")
    assert desk.answers(page).locator(".text img, .text script").count() == 0
    for view in ("Text", "JSON", "Formatted"):
        page.get_by_role("button", name=view, exact=True).click()
    assert page.evaluate("hurt") == 0


def turned(page: Page, **knobs: float) -> None:
    """With the fake provider's own knobs in every call of the page."""
    page.route(
        "**/v1/chat/completions", lambda route: route.continue_(post_data=json.dumps(route.request.post_data_json | {"fake": knobs}))
    )


def settled(page: Page, public_id: str):
    answer = pages.get(page, f"/api/activity/requests/{public_id}")
    return answer.json() if answer.ok else None
