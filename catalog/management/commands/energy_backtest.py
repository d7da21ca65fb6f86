"""``manage.py energy_backtest FILE…``: what routing by electricity would have saved over past prices."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.energy import backtest
from catalog.energy.backtest import Outcome, Site
from catalog.energy.delivered import Quote
from catalog.energy.feeds import FeedError, Node, replay
from catalog.energy.feeds.demo import DemoFeed
from catalog.loading import source

MICRO = 1_000_000
MINUTES_PER_SLOT = 5
DEMO_START, DEMO_SPAN = datetime(2024, 8, 5, tzinfo=UTC), timedelta(weeks=4)


def _slugs(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _load(text: str) -> list[float]:
    try:
        weights = [float(word) for word in text.split(",")]
    except ValueError:
        weights = []
    if len(weights) != len(backtest.EVEN_LOAD) or min(weights) < 0 or not 0 < sum(weights) < float("inf"):
        raise ArgumentTypeError("needs 24 numbers, not negative and not all 0, separated by commas: one for each UTC hour of the day")
    return weights


class Command(BaseCommand):
    help = "Plays past prices through the tariff and the router's hysteresis: savings, regret, switches. Needs no database."
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE", help="CSV: timestamp,market,node,price_usd_mwh (UTC). Without: the demo feed."
        )
        parser.add_argument(
            "--sites", action="append", type=_slugs, metavar="SLUG,…", help="A set of data centers; may be given again. Default: all."
        )
        parser.add_argument("--delay", type=int, default=5, metavar="MINUTES", help="How old the prices are that routing knows (5).")
        parser.add_argument(
            "--load", type=_load, default=backtest.EVEN_LOAD, metavar="W,…", help="24 weights, one for each UTC hour of the day."
        )

    def handle(self, *_: Any, files: list[Path], sites: list[list[str]] | None, delay: int, load: Sequence[float], **__: Any) -> None:
        if delay < 0:
            raise CommandError("--delay cannot be negative: nobody knows tomorrow's prices.")
        if not files:
            self.stdout.write("Four weeks of the demo feed: typical prices of 2024, not market data.\n")
        centers = _data_centers()
        quotes = _quotes(files) if files else _demo(centers)
        known = {site.slug: site for site in centers if site.node in quotes}
        if not known:
            raise CommandError(f"No data center of the catalog is at any of these nodes: {_listed(quotes)}.")
        outcomes = [_run(chosen, known, quotes, -(-delay // MINUTES_PER_SLOT), load) for chosen in sites or [sorted(known)]]
        self.stdout.write("\n".join([*_sets(outcomes), "", *_sites(outcomes[0])]))
        for outcome in outcomes:
            if outcome.left_out:
                self.stdout.write(f"\nLeft out of {_name(outcome)}: {outcome.left_out} intervals in which not every site has a price.")


def _quotes(files: list[Path]) -> dict[Node, list[Quote]]:
    try:
        return backtest.quotes_of(replay.read(files))
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from None
    except (FeedError, UnicodeDecodeError) as error:
        raise CommandError(f"{error}.") from None


def _demo(centers: Sequence[Site]) -> dict[Node, list[Quote]]:
    return backtest.quotes_of(DemoFeed().points([site.node for site in centers], DEMO_START, DEMO_START + DEMO_SPAN))


def _data_centers() -> list[Site]:
    """Those of the catalog files: their nodes and adders."""
    rows, _ = source.read_all([settings.CLOD_CATALOG_DIR / "data_centers.yaml"])
    sound = [row.values for row in rows if row.sound]
    return [Site(row["slug"], (row["market"], row["node"]), row["adder_microusd_per_mwh"]) for row in sound]


def _run(slugs: list[str], known: Mapping[str, Site], quotes: Mapping[Node, Sequence[Quote]], delay: int, load: Sequence[float]) -> Outcome:
    if unknown := [slug for slug in slugs if slug not in known]:
        raise CommandError(f"The files have no prices for {', '.join(unknown)}. They have some for {', '.join(sorted(known))}.")
    try:
        return backtest.run([known[slug] for slug in slugs], quotes, delay=delay, load=load)
    except ValueError as error:
        raise CommandError(f"{', '.join(slugs)}: {error}.") from None


def _sets(outcomes: Iterable[Outcome]) -> list[str]:
    head = ("sites", "days", "saving vs average", "wholesale alone", "regret $/MWh", "switches/day")
    rows = [
        (
            _name(outcome),
            f"{outcome.days:.1f}",
            f"{outcome.saving:.1%}",
            f"{outcome.wholesale_saving:.1%}",
            f"{outcome.regret / MICRO:.2f}",
            f"{outcome.switches_per_day:.1f}",
        )
        for outcome in outcomes
    ]
    return _table(head, rows)


def _sites(outcome: Outcome) -> list[str]:
    rows = [
        (share.slug, f"{share.mean / MICRO:.2f}", f"{share.saving:.1%}", f"{share.hours:.1%}")
        for share in sorted(outcome.sites, key=lambda share: share.mean)
    ]
    return _table(("site", "mean delivered $/MWh", "saving vs it", "share of hours"), rows)


def _name(outcome: Outcome) -> str:
    return " ".join(share.slug for share in outcome.sites)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns in line for a terminal, and Markdown as it stands."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [head, ["-" * width for width in widths], *rows]
    return ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines]


def _listed(quotes: Mapping[Node, Sequence[Quote]]) -> str:
    return ", ".join(" ".join(node) for node in sorted(quotes))
