"""A real browser against a whole site. Whatever a test does, the page may neither complain nor call another origin."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import barriers, pages
from tests.site import Site

# The shell has no window, tabs or extensions of its own to draw: it takes two thirds of the time. By the flag both measure texts alike.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage", "--font-render-hinting=none"]
LIMIT_MS = 20_000
expect.set_options(timeout=LIMIT_MS)  # a busy machine is no broken page; what is there is seen at once


@dataclass
class Complaints:
    """What a page said on its console, and whom it called that is not the site."""

    origin: str
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", lambda message: message.type in {"error", "warning"} and self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self._is_foreign(request.url) and self.foreign.append(request.url))

    def _is_foreign(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme not in {"data", "blob", "about"} and f"{parts.scheme}://{parts.netloc}" != self.origin


def program() -> str | None:
    """Chromium on this machine's path."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def pages_at(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """What opens pages of new visitors. Complaints fail the test at its end."""
    contexts: list[BrowserContext] = []
    complaints = Complaints(address)

    def open_page(theme: str = "light", width: int = 1440, motion: str = "reduce") -> Page:
        size = {"width": width, "height": 900}
        context = chromium.new_context(base_url=address, color_scheme=theme, viewport=size, reduced_motion=motion)
        context.set_default_timeout(LIMIT_MS)
        contexts.append(context)
        page = context.new_page()
        complaints.watch(page)
        pages.act_when_scripts_listen(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints.console == []
    assert complaints.foreign == []


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Module-scoped: Playwright keeps an event loop running, which tests elsewhere must not find."""
    found = program()
    if found is None:
        pytest.skip("no browser on the path; on Debian: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    return barriers.script(tmp_path_factory)


@pytest.fixture
def open_page(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """``open_page(theme="dark", width=390)``: a page of a new visitor, who wants no motion. Complaints fail the test at its end."""
    with pages_at(chromium, site.base_url) as open_page:
        yield open_page
