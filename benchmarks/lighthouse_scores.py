"""Lighthouse's scores for performance and accessibility: ``make lighthouse`` prints one table, in about five minutes.

A whole site in a temporary folder with a month of made-up requests; Lighthouse, at its locked version from npm, drives Chromium as a
member of the organization, on a desk and on a phone with Lighthouse's own throttling. Scores are the median of RUNS, worst in brackets.
"""

import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests import node
from tests.browser import pages, stage
from tests.browser.conftest import FLAGS, program
from tests.site import Site, free_port, running_site

RUNS = int(os.environ.get("RUNS", "3"))
PAGES = ("models", "model-hosted", "activity", "studio")
FORMS = {"desk": ("--preset=desktop",), "phone": ()}
CATEGORIES = ("performance", "accessibility")
FIGURES = {"first-contentful-paint": "first paint", "largest-contentful-paint": "largest paint", "total-blocking-time": "blocked"}
CLI = "node_modules/lighthouse/cli/index.js"
AUDIT_S, TRIES = 180, 3


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running_site(Path(folder) / "var") as site:
        stage.dress(site)
        lighthouse, port = Path(folder) / "lighthouse", free_port()
        node.install(Path(__file__).parent / "lighthouse", lighthouse)
        with sync_playwright() as playwright:
            context = playwright.chromium.launch_persistent_context(
                Path(folder) / "profile",
                executable_path=program(),
                args=[*FLAGS, f"--remote-debugging-port={port}"],
                base_url=site.base_url,
            )
            pages.log_in(context.new_page(), site.email, site.password)
            _head()
            for name in PAGES:
                for form, words in FORMS.items():
                    _row(name, form, [_audit(lighthouse / CLI, site, port, name, words) for _ in range(RUNS)])
            context.close()


def _head() -> None:
    print(
        f"{platform.platform()}, {os.cpu_count()} CPUs, {time.strftime('%Y-%m-%d')}, {RUNS} runs, load average {os.getloadavg()[0]:.1f}\n"
    )
    columns = ("page", "on a", *CATEGORIES, *FIGURES.values())
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def _audit(cli: Path, site: Site, port: int, name: str, words: tuple[str, ...]) -> dict[str, Any]:
    address = f"{site.base_url}{(pages.VISITORS | pages.MEMBERS)[name]}"
    told = ("--output=json", "--quiet", "--disable-storage-reset", "--no-enable-error-reporting")
    command = [node.NODE, cli, address, f"--port={port}", f"--only-categories={','.join(CATEGORIES)}", *told, *words]
    for _ in range(TRIES):  # it loses its own trace now and then, and asks to be run again
        ran = subprocess.run(command, env=node.environment(), capture_output=True, text=True, timeout=AUDIT_S, check=False)
        if "Please run Lighthouse again" not in ran.stderr:
            break
    if ran.returncode:
        raise SystemExit(ran.stderr)
    found: dict[str, Any] = json.loads(ran.stdout)
    assert found["finalDisplayedUrl"].startswith(address), found["finalDisplayedUrl"]
    return found


def _row(name: str, form: str, found: list[dict[str, Any]]) -> None:
    scores = [[each["categories"][category]["score"] * 100 for each in found] for category in CATEGORIES]
    times = [[each["audits"][figure]["numericValue"] for each in found] for figure in FIGURES]
    cells = [f"{statistics.median(each):.0f} ({min(each):.0f})" for each in scores] + [
        f"{statistics.median(each):,.0f} ms" for each in times
    ]
    print(f"| {name} | {form} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
