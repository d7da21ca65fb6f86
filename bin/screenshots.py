"""Photographs of every page, in both themes and both widths: ``make screenshots`` writes them to var/screenshots, with a sheet of all.

A whole site in a temporary folder with a month of made-up requests, a real call and a top-up in test money; ARGS="activity models"
takes pages whose names begin so. A page that is wider than its screen, complains on its console or calls another origin is named in
the end, and then the exit status is 1.
"""

import html
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import httpx  # noqa: E402
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright  # noqa: E402

from tests.browser import pages, stage  # noqa: E402
from tests.browser.conftest import FLAGS, Complaints, program  # noqa: E402
from tests.site import Site, running_site  # noqa: E402

FOLDER = Path(os.environ.get("CLOD_VAR") or ROOT / "var") / "screenshots"
THEMES, WIDTHS, HEIGHT = ("light", "dark"), (1440, 390), 900
CHART_MS, ANSWER_S = 20_000, 60


def main() -> int:
    wanted = tuple(sys.argv[1:])
    chromium = program()
    if chromium is None:
        print("There is no Chromium on the path; on Debian: apt-get install chromium", file=sys.stderr)
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_site(Path(folder) / "var") as site,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        _dress(site, browser)
        problems = [problem for theme in THEMES for width in WIDTHS for problem in _tour(site, browser, theme, width, wanted)]
        browser.close()
    _sheet()
    print(f"{len(list(FOLDER.glob('*.png')))} pictures in {FOLDER}, all of them in index.html", *problems, sep="\n")
    return 1 if problems else 0


def _dress(site: Site, browser: Browser) -> None:
    """Something to see: a month of requests, one call, some money."""
    stage.dress(site)
    question = {"model": pages.MODEL, "messages": [{"role": "user", "content": "What is the capital of France?"}], "max_tokens": 20}
    headers = {"Authorization": f"Bearer {site.api_key}"}
    httpx.post(f"{site.base_url}/v1/chat/completions", json=question, headers=headers, timeout=ANSWER_S).raise_for_status()
    page = browser.new_page(base_url=site.base_url)
    pages.log_in(page, site.email, site.password)
    page.goto("/billing")
    page.locator("[data-opens=top-up]").first.click()
    page.locator("#top-up button.primary").click()
    page.wait_for_url("**/billing/top-ups/top_*")
    page.close()


def _tour(site: Site, browser: Browser, theme: str, width: int, wanted: tuple[str, ...]) -> Iterator[str]:
    """Take the pictures; what is wrong with a page."""
    context = browser.new_context(
        base_url=site.base_url, color_scheme=theme, viewport={"width": width, "height": HEIGHT}, reduced_motion="reduce"
    )
    page = context.new_page()
    yield from _take(site, page, pages.VISITORS, theme, width, wanted)
    pages.log_in(page, site.email, site.password)
    yield from _take(site, page, pages.of_members(page), theme, width, wanted)
    context.close()


def _take(site: Site, page: Page, addresses: dict[str, str], theme: str, width: int, wanted: tuple[str, ...]) -> Iterator[str]:
    complaints = Complaints(site.base_url)
    complaints.watch(page)
    for name, address in addresses.items():
        if wanted and not name.startswith(wanted):
            continue
        complaints.console.clear()
        complaints.foreign.clear()
        answer = page.goto(address, wait_until="networkidle")
        if not _draws(page):
            yield f"{address}: no chart"
        page.screenshot(path=FOLDER / f"{name}-{theme}-{width}.png", full_page=True)
        status = answer.status if answer else 0
        if status != pages.MISSING.get(name, 200):
            yield f"{address}: status {status}"
        if not page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"):
            yield f"{address}: wider than {width} px"
        yield from (f"{address}: {said}" for said in complaints.console + complaints.foreign if status == 200)


def _draws(page: Page) -> bool:
    """Whether its chart, if it has one, is drawn: on a phone as the server draws it, on a desk as Plotly does for who reaches for it."""
    chart = page.locator("[data-chart], [data-usage]")
    if not chart.count():
        return True
    chart.first.scroll_into_view_if_needed()
    is_desk = (page.viewport_size or {})["width"] > WIDTHS[1]
    try:
        page.wait_for_selector(".sketch path, .sketch-plot path, .chart-note", state="attached", timeout=CHART_MS)
        if is_desk and not page.locator(".chart-note").count():
            chart.first.hover()
            page.wait_for_selector(".scatterlayer .trace, .barlayer .trace", state="attached", timeout=CHART_MS)
    except TimeoutError:
        return False
    page.mouse.move(0, 0)
    page.evaluate("scrollTo(0, 0)")
    return True


def _sheet() -> None:
    """One page with all pictures, four to a row."""
    pictures = sorted(FOLDER.glob("*.png"))
    cells = "".join(
        f'<a href="{html.escape(each.name)}"><img src="{html.escape(each.name)}" loading="lazy"><br>{each.stem}</a>' for each in pictures
    )
    style = "body{display:grid;grid-template-columns:repeat(4,1fr);gap:16px;font:13px sans-serif}img{width:100%;border:1px solid #8888}"
    (FOLDER / "index.html").write_text(f"<!doctype html><meta charset=utf-8><title>CLōD</title><style>{style}</style>{cells}")


if __name__ == "__main__":
    sys.exit(main())
