"""What a member does on the main pages, each time until its effect is seen. ``VISITS`` holds them by address.

Things are looked for by selectors alone: to find one by its role or its words Playwright walks through the whole page, in the page's own
thread, and that would be measured along.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import MODEL
from tests.studio import desk

KEY_PAUSE_MS, REACTS_MS, LOOKS_MS, CHART_MS = 80, 200, 400, 40_000
NARROWED_TO = "llama-3-3-70b-instruct"  # the model most called on a dressed site


@dataclass(frozen=True)
class Hand:
    """A reader's, with a mouse and keys or on a phone's screen. Nobody presses sooner than REACTS_MS after what was waited for."""

    page: Page
    is_finger: bool

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.look()

    def look(self) -> None:
        """At a page that has come, before anything is done with it."""
        self.page.wait_for_load_state()
        self.page.wait_for_timeout(LOOKS_MS)

    def at(self, selector: str) -> Locator:
        return self.page.locator(selector)

    def press(self, target: str) -> None:
        self.page.wait_for_timeout(REACTS_MS)
        self.at(target).first.tap() if self.is_finger else self.at(target).first.click()

    def reach(self, target: str) -> None:
        """A pointer only has to come there; a finger taps."""
        self.press(target) if self.is_finger else self.at(target).hover()

    def press_by_key(self, target: str, key: str = "Enter") -> None:
        """Where there are keys: a phone has them for its fields only."""
        if self.is_finger:
            self.press(target)
            return
        self.page.wait_for_timeout(REACTS_MS)
        self.at(target).first.focus()
        self.keys(key)

    def type(self, field: str, text: str) -> None:
        self.press(field)
        self.page.keyboard.type(text, delay=KEY_PAUSE_MS)

    def empty(self, field: str) -> None:
        self.press(field)
        self.keys("Control+a", "Delete")

    def keys(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name, delay=KEY_PAUSE_MS)


def models(hand: Hand) -> None:
    rows = hand.at(".market-table tbody tr")
    hand.open("/models")
    every = rows.count()
    hand.type("#q", "gemma")
    expect(rows).not_to_have_count(every)
    hand.empty("#q")
    expect(rows).to_have_count(every)
    hand.press("a.chip[href$='label=hosted']")
    expect(hand.at(".in-force")).to_be_visible()
    hand.press("#head-out")
    expect(hand.at("th[aria-sort] #head-out")).to_be_visible()
    hand.press_by_key("#head-name")
    expect(hand.at("th[aria-sort] #head-name")).to_be_visible()
    for number in (1, 2):
        hand.press(f".market-table tbody tr:nth-child({number}) input")
    expect(hand.at(".compare-bar .primary")).to_be_enabled()


def model(hand: Hand) -> None:
    words, site = hand.at("[data-chart-words]"), "#chart-key li:nth-child(3) [data-site]"
    hand.open(f"/models/{MODEL}")
    hand.reach("[data-chart]")
    expect(hand.at(".chart .scatterlayer .trace").first).to_be_attached(timeout=CHART_MS)
    hand.press("[data-hours='4']")
    expect(words).to_contain_text("in 4 hours.")
    hand.press("[data-hours='168']")
    expect(words).to_contain_text("in 7 days.")
    hand.press("[data-show=electricity]")
    expect(words).to_contain_text("per MWh")
    hand.press(site)
    expect(hand.at(site)).to_have_attribute("aria-pressed", "true")
    hand.press_by_key(site)
    expect(hand.at(site)).to_have_attribute("aria-pressed", "false")
    hand.reach(".chart-canvas .nsewdrag")
    hand.look()
    hand.press_by_key("[data-show=price]")
    expect(words).not_to_contain_text("per MWh")


def activity(hand: Hand) -> None:
    drawer = hand.at("#request-drawer")
    hand.open("/activity?range=7d")
    hand.reach(".usage-chart")
    expect(hand.at(".usage-chart .barlayer .trace").first).to_be_attached(timeout=CHART_MS)
    hand.press("[data-metric=latency]")
    expect(hand.at(".usage-chart .scatterlayer .trace")).to_have_count(3)
    hand.reach(".chart-canvas .nsewdrag")
    hand.look()
    hand.press(".filter-menu:has([name=model]) summary")
    hand.press(f"[name=model][value='{NARROWED_TO}']")
    hand.press_by_key(".filter-menu:has([name=model]) summary", "Escape")
    expect(hand.page).to_have_url(re.compile(f"model={NARROWED_TO}"))
    hand.look()
    hand.press(".pager a[rel=next]")
    expect(hand.page).to_have_url(re.compile("cursor="))
    hand.look()
    first, second = (hand.at("#rows tbody tr").nth(number).get_attribute("data-id") or "" for number in range(2))
    hand.press("#rows tbody a")
    expect(drawer).to_contain_text(first)
    hand.press_by_key("#request-drawer [data-step='1']", "j")
    expect(drawer).to_contain_text(second)
    hand.press("#request-drawer [data-step='-1']")
    expect(drawer).to_contain_text(first)
    hand.press_by_key("#request-drawer [data-closes]", "Escape")
    expect(drawer).to_be_hidden()


def studio(hand: Hand) -> None:
    """The parameters are opened while the answer comes."""
    answer = desk.answers(hand.page)
    hand.open(f"/studio?model={MODEL}")
    hand.empty("#studio-max")
    hand.type("#studio-max", "48")
    hand.type("[name=prompt]", "Count to twenty.")
    hand.press("[name=send]")
    expect(answer.locator(".text")).not_to_be_empty(timeout=desk.ANSWER_MS)
    hand.press("details:has(#studio-top-p) summary")
    hand.type("#studio-top-p", "1")
    desk.is_done(answer)
    hand.press("[data-view=json]")
    expect(answer.locator("> .json")).to_be_visible()
    hand.press("#get-code")
    expect(hand.at("#code-dialog")).to_be_visible()
    hand.press_by_key("#code-dialog [data-closes]", "Escape")
    hand.press("[data-pick]")
    hand.page.keyboard.type("phi", delay=KEY_PAUSE_MS)
    hand.press("[data-only=available]")
    expect(hand.at("#picker-list .choice:not([hidden])").first).to_contain_text("Phi")
    hand.press_by_key("#model-picker [data-closes]", "Escape")


def projects(hand: Hand) -> None:
    hand.open("/projects")
    hand.press("a[href='/projects/new']")
    expect(hand.page).to_have_url(re.compile("/new$"))
    hand.look()
    hand.type("#id_name", "Invoices")
    hand.press("a.quiet[href='/projects']")
    expect(hand.page).to_have_url(re.compile("/projects$"))
    hand.look()


def keys(hand: Hand) -> None:
    hand.open("/keys")
    hand.press("[data-opens=key-dialog]")
    hand.type("#key-dialog [name=name]", "laptop")
    hand.press("#key-dialog details:has(.model-choices) summary")
    hand.press("#key-dialog .model-choices label")
    expect(hand.at("#key-dialog .model-choices input").first).to_be_checked()
    hand.press_by_key("#key-dialog [data-closes]", "Escape")
    expect(hand.at("#key-dialog")).to_be_hidden()


VISITS: dict[str, Callable[[Hand], None]] = {
    "/models": models,
    f"/models/{MODEL}": model,
    "/activity": activity,
    "/studio": studio,
    "/projects": projects,
    "/keys": keys,
}
