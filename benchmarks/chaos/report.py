"""The table, and its place between two markers of docs/money.md."""

import os
import platform
import re
import time
from pathlib import Path

from benchmarks.chaos.trial import Result

PAGE = Path(__file__).resolve().parents[2] / "docs" / "money.md"
COLUMNS = (
    "database",
    "processes killed and back",
    "calls made",
    "answered in full",
    "cut off",
    "hung up on",
    "settled by the sweeper",
    "streams killed after 5 s or more",
    "of these charged less than was delivered 5 s before",
    "invariant breaks",
    "acknowledged settlements lost",
    "calls charged above their hold",
    "calls killed at once, held by a lease alone",
    "upstream calls without a hold",
)


def machine() -> str:
    load = " / ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{platform.system()} {platform.release()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}; load average before it {load}."
    )


def table(results: list[Result]) -> str:
    rows = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    return "\n".join([*rows, *map(_row, results)])


def _row(result: Result) -> str:
    verdict = result.verdict
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(result.kills.items()))
    cells = (result.database, f"{result.kills.total()} ({kinds})", verdict.made, verdict.answered, verdict.cut, verdict.left)
    rest = (
        verdict.swept,
        verdict.killed_late,
        len(verdict.undercharged),
        len(verdict.breaks),
        len(verdict.lost),
        verdict.above_hold,
        verdict.on_a_lease,
        verdict.without_hold,
    )
    return "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in (*cells, *rest)) + " |"


def wrong(results: list[Result]) -> list[str]:
    """Every fact that must not be, a line each."""
    return [f"{result.database}: {fact}" for result in results for fact in result.verdict.facts(result.deaths)]


def write(name: str, text: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``."""
    page = PAGE.read_text()
    place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    if not place.search(page):
        raise SystemExit(f"{PAGE.name} has no place for it: <!-- {name} --> and <!-- /{name} --> are missing.")
    PAGE.write_text(place.sub(lambda _: f"{text}\n", page))
