"""The tables, and their place in docs/faults.md."""

import re
from pathlib import Path

from benchmarks.chaos.report import machine
from benchmarks.faults.room import Outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"
SEEN = (
    "fault",
    "what happened",
    "calls",
    "answered in full",
    "refused",
    "cut off",
    "slowest 503",
    "slowest first byte of a call answered",
    "longest time without an answer",
)
BOOKS = (
    "fault",
    "`/healthz` at most",
    "`/readyz` at most",
    "`/readyz` said",
    "settled by the sweeper",
    "ledger_check",
    "acknowledged and lost",
    "above hold",
    "without hold",
)

WITHOUT_DATABASE = {"postgres-away", "disk-full"}
NEVER = {"500", "502", "401", "402"}  # because of a fault of ours


def text(outcomes: list[Outcome], left_out: list[str]) -> str:
    seen = [_line(SEEN), _line("---" for _ in SEEN), *(_line(_seen(outcome)) for outcome in outcomes)]
    books = [_line(BOOKS), _line("---" for _ in BOOKS), *(_line(_books(outcome)) for outcome in outcomes)]
    return "\n".join(
        [machine(), "", "What clients saw:", "", *seen, "", "What was true afterwards:", "", *books, *(f"\n{each}" for each in left_out)]
    )


def rows(outcome: Outcome) -> list[str]:
    """Its line in both tables: what a run that is cut short has found."""
    return [_line(_seen(outcome)), _line(_books(outcome))]


def _line(cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"  # type: ignore[call-overload]


def _seen(outcome: Outcome) -> list[str]:
    refused = ", ".join(f"{number:,} × {what}" for what, number in sorted(outcome.refused.items())) or "0"
    counts = [f"{len(outcome.notes):,}", f"{outcome.ended('answered'):,}", refused, f"{outcome.ended('cut'):,}"]
    times = outcome.slowest_refusal_s, outcome.slowest_beginning_s, outcome.longest_gap_s
    return [outcome.fault, outcome.told, *counts, *(f"{each:.2f} s" if each else "–" for each in times)]


def _books(outcome: Outcome) -> list[str]:
    verdict, watch = outcome.verdict, outcome.watch
    slowest = [f"{watch.slowest_s[path]:.2f} s" for path in ("/healthz", "/readyz")]
    books = "adds up" if not verdict.breaks else f"{len(verdict.breaks)} findings"
    statuses = ", ".join(map(str, sorted(watch.statuses)))
    return [
        outcome.fault,
        *slowest,
        statuses,
        *map(str, (verdict.swept, books, len(verdict.lost), verdict.above_hold, verdict.without_hold)),
    ]


def wrong(outcome: Outcome) -> list[str]:
    """Every promise that was not kept, a sentence each."""
    watch = outcome.watch
    late = [f"P15  a 503 took {outcome.slowest_refusal_s:.1f} s"] if outcome.slowest_refusal_s >= 2 else []
    late += [f"P17  {path} took {took_s:.1f} s" for path, took_s in watch.slowest_s.items() if took_s >= 1]
    late += ["P16  " + outcome.told] if "had to be killed" in outcome.told else []
    late += ["P17  /readyz did not say so"] if outcome.fault in WITHOUT_DATABASE and 503 not in watch.statuses else []
    late += [f"P17  {watch.silent} health checks were not answered"] if watch.silent else []
    return [*lost(outcome), *(f"{outcome.fault}: {fact}" for fact in late)]


def lost(outcome: Outcome) -> list[str]:
    """The same, but for how fast: a drill on a busy machine is no measurement."""
    facts = outcome.verdict.facts(outcome.deaths)
    facts += [f"P14  {number} answers of {status}" for status, number in outcome.refused.items() if status in NEVER]
    return [f"{outcome.fault}: {fact}" for fact in facts]


def write(name: str, text: str) -> None:
    page = PAGE.read_text()
    place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    if not place.search(page):
        raise SystemExit(f"{PAGE.name} has no place for it: <!-- {name} --> and <!-- /{name} --> are missing.")
    PAGE.write_text(place.sub(lambda _: f"{text}\n", page))
