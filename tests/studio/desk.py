"""Studio in a real browser, as the tests of tests/browser use it."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import pages
from tests.browser.conftest import LIMIT_MS, Complaints
from tests.site import Site, manage

ANSWER_MS = 60_000
MODEL = "smollm2-135m-instruct"


@contextmanager
def opened(chromium: Browser, site: Site, expected: Sequence[str] = (), **options: Any) -> Iterator[Page]:
    """A page of the demo account. Complaints fail the test, but for those about an ``expected`` status ("402")."""
    context = chromium.new_context(base_url=site.base_url, **{"reduced_motion": "reduce"} | options)
    context.set_default_timeout(LIMIT_MS)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page, complaints = context.new_page(), Complaints(site.base_url)
    complaints.watch(page)
    pages.act_when_scripts_listen(page)
    pages.enter(page, site)
    yield page
    context.close()
    assert [text for text in complaints.console if not any(f"status of {status}" in text for status in expected)] == []
    assert complaints.foreign == []


def prompt(page: Page) -> Locator:
    return page.get_by_label("Prompt", exact=True)


def ask(page: Page, text: str) -> None:
    prompt(page).fill(text)
    prompt(page).press("Enter")


def answers(page: Page) -> Locator:
    return page.locator("article.turn.assistant")


def is_done(answer: Locator) -> None:
    expect(answer).not_to_have_attribute("aria-busy", "true", timeout=ANSWER_MS)


def add_pane(page: Page, model: str) -> None:
    page.get_by_role("button", name="Add a pane").click()
    page.get_by_role("combobox", name="Find a model").fill(model)
    page.keyboard.press("Enter")
    expect(page.locator("section.pane").get_by_role("button", name=f"Model: {model}", include_hidden=True).last).to_be_attached()
    expect(page.get_by_role("dialog", name="Model")).to_be_hidden()


def said(page: Page) -> Locator:
    """The live region."""
    return page.locator("#studio-says")


def shell(site: Site, program: str) -> Any:
    """What a program prints beside the running site, as JSON."""
    done = manage(site, "shell", "--verbosity=0", "-c", program)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout or "null")


def rows(site: Site, statement: str, *values: Any) -> list[Any]:
    """Of the site's own database: a process for each question would take seconds."""
    [database] = site.var.glob("*.sqlite3")
    with closing(sqlite3.connect(database, timeout=20)) as connection, connection:
        return connection.execute(statement, values).fetchall()
