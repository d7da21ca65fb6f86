"""How soon a first token is seen in Studio: ``python -m benchmarks.studio_latency`` prints one line, in about half a minute.

A whole site in a temporary folder and, in place of the fake provider, an upstream whose first word is the instant it was written.
Chromium says when the frame with that word had been painted, by the same machine's clock. What lies between is the gateway's relay,
the browser's reading, the wait for the next frame and its painting: more than passes after the gateway sent the token. Beside it, how
long the writing and painting of that frame took.
"""

import asyncio
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from aiohttp import web
from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import FLAGS, program
from tests.site import Site, free_port, running_site
from tests.studio import desk

RUNS = int(os.environ.get("RUNS", "30"))
WORDS, PAUSE_S, FIRST_S, STARTS_WITHIN_S, LOOK_EVERY_MS = 20, 0.02, 0.3, 10, 50
FUND = """
from accounts.models import Organization
from billing import ledger
from billing.models import Wallet
wallet = Wallet.objects.get(organization=Organization.objects.earliest("created_at"))
ledger.credit(wallet.pk, 10_000_000_000, key="benchmark", reason="for the benchmark")
"""
WATCH = """() => {
  window.arrived = window.painted = 0;
  const clock = () => performance.timeOrigin + performance.now();
  const panes = document.getElementById("panes");
  const watch = new MutationObserver(() => {
    if (!panes.querySelector(".assistant .text")?.textContent) return;
    watch.disconnect();
    window.arrived = clock();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => { window.painted = clock(); };
    port2.postMessage(null);  // from within the frame that writes: it is read when that frame has been painted
  });
  watch.observe(panes, { subtree: true, childList: true, characterData: true });
}"""


async def _complete(request: web.Request) -> web.StreamResponse:
    await request.read()
    answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await answer.prepare(request)
    await asyncio.sleep(FIRST_S)
    for number in range(WORDS):
        await answer.write(_chunk({"content": f"{time.time_ns()} " if number == 0 else "word "}))
        await asyncio.sleep(PAUSE_S)
    await answer.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
    return answer


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    chunk = {"id": "b", "object": "chat.completion.chunk", "created": 0, "model": "b", "choices": [choice]}
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


@contextmanager
def _upstream() -> Iterator[str]:
    port, loop, application = free_port(), asyncio.new_event_loop(), web.Application()
    application.router.add_post("/v1/chat/completions", _complete)
    threading.Thread(target=loop.run_forever, daemon=True).start()
    runner = web.AppRunner(application)

    async def start() -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()

    asyncio.run_coroutine_threadsafe(start(), loop).result(STARTS_WITHIN_S)
    yield f"http://127.0.0.1:{port}/v1"
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(STARTS_WITHIN_S)
    loop.call_soon_threadsafe(loop.stop)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        _upstream() as address,
        running_site(Path(folder) / "var", CLOD_FAKE_PROVIDER="1", CLOD_FAKE_URL=address) as site,
        sync_playwright() as playwright,
    ):
        desk.shell(site, FUND)
        browser = playwright.chromium.launch(executable_path=program(), args=FLAGS)
        print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, Chromium {browser.version}")
        times = _measure(browser, site)
        browser.close()
    print(f"{time.strftime('%Y-%m-%d')}, {RUNS} runs, load average {os.getloadavg()[0]:.1f}; milliseconds\n")
    print("| from | median | p95 | worst |\n|---|---|---|---|")
    for name, values in zip(("the upstream wrote it", "the page wrote it"), zip(*times, strict=True), strict=True):
        print(f"| {name} | {statistics.median(values):.1f} | {statistics.quantiles(values, n=20)[-1]:.1f} | {max(values):.1f} |")


def _measure(browser: Browser, site: Site) -> list[tuple[float, float]]:
    """Of each run, but for a first one that warms up: from the upstream's write, and from the page's, to the painted frame."""
    times = []
    with desk.opened(browser, site) as page:
        page.goto("/studio?model=fake-echo")
        for _ in range(RUNS + 1):
            page.get_by_role("button", name="New conversation").click()
            page.evaluate(WATCH)
            desk.ask(page, "When?")
            while not page.evaluate("window.painted"):  # the page's policy lets nothing else wait in it
                page.wait_for_timeout(LOOK_EVERY_MS)
            written_ms = int(desk.answers(page).locator(".text").inner_text().split()[0]) / 1e6
            arrived, painted = page.evaluate("[window.arrived, window.painted]")
            times.append((painted - written_ms, painted - arrived))
            desk.is_done(desk.answers(page))
    return times[1:]


if __name__ == "__main__":
    main()
