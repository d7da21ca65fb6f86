"""Core Web Vitals of real interactions in Chromium: ``make vitals`` prints one table, in about five minutes.

A whole site in a temporary folder with a month of made-up requests. A member visits each main page with an empty cache, on a desk and on
a phone whose processor is slowed down four times, and uses it (``visits.py``). Google's web-vitals, at its locked version from npm,
measures every page that a visit opens, until it is left; the worst of them is the visit's. Figures are medians of RUNS, worst in brackets.
Nothing stands between browser and server, so LCP has no network in it. A median worse than Google's "good" is named with the element it
happened at, and ends it with 1.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.visits import VISITS, Hand
from tests import node
from tests.browser import pages, stage
from tests.browser.conftest import FLAGS, LIMIT_MS, program
from tests.site import Site, running_site

RUNS = int(os.environ.get("RUNS", "3"))
FORMS: dict[str, dict[str, Any]] = {
    "desk": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 3, "is_mobile": True, "has_touch": True},
}
SLOWER = {"desk": 1, "phone": 4}
GOOD = {"LCP": 2500, "CLS": 0.1, "INP": 200}  # https://web.dev/articles/vitals
LIBRARY = "node_modules/web-vitals/dist/web-vitals.attribution.iife.js"
LEFT_FOR = "/static/img/mark.svg"  # of the same origin, so that it can be read there what was told on leaving
SETTLES_MS = 500
# The tab's own storage outlives the page, and takes what is told while it is left. From 16 ms on: as little as browsers tell.
LISTEN = """
  if (document instanceof HTMLDocument) {
    const mine = { interactions: 0 };
    const name = `vitals ${performance.timeOrigin}`;
    const keep = () => {
      mine.interactions = performance.interactionCount;
      sessionStorage.setItem(name, JSON.stringify(mine));
    };
    const keepOne = ({ name, value, attribution: { interactionTarget, largestShiftTarget, target, ...rest } }) => {
      const { inputDelay, processingDuration, presentationDelay } = rest;
      const parts = name === "INP" ? [inputDelay, processingDuration, presentationDelay].map(Math.round) : [];
      mine[name] = { value, at: interactionTarget ?? largestShiftTarget ?? target ?? "", parts };
      keep();
    };
    const options = { reportAllChanges: true, durationThreshold: 16 };
    for (const on of [webVitals.onLCP, webVitals.onCLS, webVitals.onINP]) on(keepOne, options);
    addEventListener("pagehide", keep);
  }
"""
READ = "() => Object.entries(sessionStorage).filter(([name]) => name.startsWith('vitals ')).map(([, told]) => JSON.parse(told))"

Visit = dict[str, Any]  # LCP, CLS and INP as {value, at, parts}, and interactions


def main() -> None:
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder) / "var") as site, sync_playwright() as playwright:
        stage.dress(site)
        node.install(Path(__file__).parent / "vitals_library", Path(folder) / "library")
        script = (Path(folder) / "library" / LIBRARY).read_text() + LISTEN
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        cookies = _log_in(browser, site)
        _head(browser)
        for address in VISITS:
            for form in FORMS:
                missed += _row(address, form, [_visit(browser, site, cookies, script, address, form) for _ in range(RUNS)])
        browser.close()
    if missed:
        sys.exit("\nNot good: " + "\nNot good: ".join(missed))


def _log_in(browser: Browser, site: Site) -> Any:
    """The cookies. Each page is opened once, so that the server is warm."""
    context = browser.new_context(base_url=site.base_url)
    page = context.new_page()
    pages.log_in(page, site.email, site.password)
    for address in VISITS:
        assert pages.get(page, address).ok, address
    cookies = context.storage_state()
    context.close()
    return cookies


def _head(browser: Browser) -> None:
    machine = f"{platform.platform()}, {os.cpu_count()} CPUs, Chromium {browser.version}"
    print(f"{machine}, {time.strftime('%Y-%m-%d')}, {RUNS} runs, load average {os.getloadavg()[0]:.1f}\n")
    columns = ("page", "on a", "LCP, ms", "CLS", "INP, ms", "interactions")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def _visit(browser: Browser, site: Site, cookies: Any, script: str, address: str, form: str) -> Visit:
    context = browser.new_context(base_url=site.base_url, storage_state=cookies, **FORMS[form])
    context.set_default_timeout(LIMIT_MS)
    context.add_init_script(script)
    told = _told(context, address, form)
    context.close()
    return _worst(told)


def _told(context: BrowserContext, address: str, form: str) -> list[Visit]:
    """What the library says of each page that was opened; it says the last of it when the page is left."""
    page = context.new_page()
    pages.act_when_scripts_listen(page)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER[form]})
    VISITS[address](Hand(page, is_finger=form == "phone"))
    page.wait_for_timeout(SETTLES_MS)
    left = page.goto(LEFT_FOR)
    assert left, LEFT_FOR
    assert left.ok, LEFT_FOR
    told: list[Visit] = page.evaluate(READ)
    return told


def _worst(told: list[Visit]) -> Visit:
    worst = {name: max((page[name] for page in told if name in page), key=lambda each: each["value"]) for name in GOOD}
    return worst | {"interactions": sum(page["interactions"] for page in told)}


def _row(address: str, form: str, visits: list[Visit]) -> Iterator[str]:
    """What it misses. The row is printed."""
    cells = [_cell(name, [visit[name]["value"] for visit in visits]) for name in GOOD]
    print(f"| {address} | {form} | {' | '.join(cells)} | {statistics.median_low(visit['interactions'] for visit in visits)} |", flush=True)
    for name, good in GOOD.items():
        found = sorted((visit[name] for visit in visits), key=lambda each: each["value"])
        if statistics.median(each["value"] for each in found) > good:
            yield f"{address} on a {form}: {name}, at most {good}; {'; '.join(map(_where, found))}"


def _where(found: Visit) -> str:
    """An interaction's milliseconds are those it waited, was worked on, and waited for the next frame."""
    return f"{found['value']:.3g} at {found['at'] or 'nothing'}" + (f" ({' + '.join(map(str, found['parts']))})" if found["parts"] else "")


def _cell(name: str, values: list[float]) -> str:
    form = ".3f" if name == "CLS" else ",.0f"
    return f"{statistics.median(values):{form}} ({max(values):{form}})"


if __name__ == "__main__":
    main()
