"""Fill in the prices of the last days, as the embedded site does when it starts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalog import markets, prices
from clod_site.lib import clock


class Command(BaseCommand):
    help = "Fill in missing electricity and token prices. Safe to run again: only the gap is filled."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=prices.WINDOW_DAYS, help="How far back (default: %(default)s).")

    def handle(self, *, days: int, **options: Any) -> None:
        written = prices.backfill(clock.now(), days, markets.feed())
        self.stdout.write(f"{written:,} prices written.")
