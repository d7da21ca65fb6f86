"""How soon the Models pages show something: ``python -m benchmarks.models_page`` prints two tables, in about two minutes.

A whole site in a temporary folder (its catalog, nine data centers, seven days of prices), warmed; Chromium opens each page with
an empty cache, and a third time with what it kept: after the second one it keeps compiled scripts, too. Times are milliseconds
from the start of the navigation, median and worst.

**First chart** is the first frame with the chart's lines in it: the server's drawing comes with the page. **Reached** is how long
after the pointer came to the chart Plotly has drawn the same lines, so that they can be read off and zoomed.
"""

import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, program
from tests.site import Site, running_site

RUNS = int(os.environ.get("RUNS", "7"))
FEWEST_MODELS, DATA_CENTERS, LONGEST_JSON, LIMIT_MS = 60, 9, 60_000, 60_000
MODEL = "smollm2-135m-instruct"
PAGES = {
    "/models": "/models",
    "a model, 24 h": f"/models/{MODEL}",
    "a model, 7 d": f"/models/{MODEL}?hours=168",
    "a model, electricity, 7 d": f"/models/{MODEL}?show=electricity&hours=168",
}
VIEWS = [(show, hours) for show in ("price", "electricity") for hours in (4, 24, 168)]
WATCH = """(() => {
  const wanted = { sketch: ".sketch path.routed", plotly: ".chart-canvas .scatterlayer .trace" };
  const seen = (window.seen = {});
  let reached = 0;
  addEventListener("pointerover", (event) => { if (event.target.closest("[data-chart]")) reached ||= performance.now(); }, true);
  const look = () => {
    for (const [name, where] of Object.entries(wanted)) {
      if (name in seen || !document.querySelector(where)?.getBoundingClientRect().width) continue;
      seen[name] = 0;
      requestAnimationFrame(() => setTimeout(() => { seen[name] = performance.now() - (name === "plotly" ? reached : 0); }));
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()"""
READ = """() => ({ ...window.seen, paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  server: performance.getEntriesByType("navigation")[0].responseStart })"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder) / "var") as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, Chromium {browser.version}")
        print(f"{_stock(site)}; {time.strftime('%Y-%m-%d')}, {RUNS} runs, load average {_load()}\n")
        _sizes(site)
        print("\n| page | cache | server | first paint | first chart | reached | load average |\n|---|---|---|---|---|---|---|")
        for name, address in PAGES.items():
            _row(browser, site, name, address)
        browser.close()


def _stock(site: Site) -> str:
    """What there is to show; the server is warm afterwards."""
    page = httpx.get(f"{site.base_url}/models").text
    models, sites = page.count('name="m"'), httpx.get(f"{site.base_url}/models/{MODEL}").text.count("data-site=")
    assert models >= FEWEST_MODELS, models
    assert sites == DATA_CENTERS, sites
    return f"{models} models, {sites} data centers, 7 days of prices"


def _sizes(site: Site) -> None:
    print("| JSON | bytes | first time, ms | warm, ms | unchanged, ms |\n|---|---|---|---|---|")
    for show, hours in VIEWS:
        address = f"{site.base_url}/models/{MODEL}/prices.json?show={show}&hours={hours}"
        first, warm = httpx.get(address), httpx.get(address)
        unchanged = httpx.get(address, headers={"If-None-Match": warm.headers["etag"]})
        assert len(warm.content) < LONGEST_JSON, (show, hours)
        assert unchanged.status_code == 304, unchanged.status_code
        print(f"| {show}, {hours} h | {len(warm.content):,} | {_ms(first)} | {_ms(warm)} | {_ms(unchanged)} |", flush=True)


def _ms(answer: httpx.Response) -> int:
    return round(answer.elapsed.total_seconds() * 1000)


def _row(browser: Browser, site: Site, name: str, address: str) -> None:
    has_chart = "?" in address or address.endswith(MODEL)
    cold, warm, before = [], [], _load()
    for _ in range(RUNS):
        context = browser.new_context(base_url=site.base_url, viewport={"width": 1440, "height": 900})
        context.add_init_script(WATCH)
        page = context.new_page()
        cold.append(_visit(page, address, has_chart))
        _visit(page, address, has_chart)
        page.goto("about:blank")
        warm.append(_visit(page, address, has_chart))
        context.close()
    for cache, visits in (("cold", cold), ("warm", warm)):
        cells = " | ".join(_cell(visits, key) for key in ("server", "paint", "sketch", "plotly"))
        print(f"| {name} | {cache} | {cells} | {before} to {_load()} |", flush=True)


def _visit(page: Page, address: str, has_chart: bool) -> dict[str, Any]:
    page.goto(address)
    if has_chart:
        page.wait_for_function("window.seen.sketch && performance.getEntriesByName('first-contentful-paint')[0]")
        page.locator("[data-chart]").hover()
    deadline = time.monotonic() + LIMIT_MS / 1000
    while time.monotonic() < deadline:
        seen: dict[str, Any] = page.evaluate(READ)
        if seen["paint"] and (not has_chart or seen.get("plotly")):
            return seen
        time.sleep(0.1)
    raise TimeoutError(f"{address} shows no chart after {LIMIT_MS} ms")


def _cell(visits: list[dict[str, Any]], key: str) -> str:
    times = [visit[key] for visit in visits if visit.get(key)]
    return f"{statistics.median(times):,.0f} ({max(times):,.0f})" if times else ""


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
