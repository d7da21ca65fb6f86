"""``manage.py rebuild_usage``: add up all complete hours anew, from the requests themselves."""

from typing import Any

from django.core.management.base import BaseCommand

from activity import rollups
from clod_site.lib import clock


class Command(BaseCommand):
    help = "Adds up every complete hour of requests anew. Safe while calls are served and pages are read, and safe to run twice."

    def handle(self, *args: Any, **options: Any) -> None:
        anew = rollups.rebuild()
        added = rollups.advance(clock.now(), run_s=float("inf"))
        self.stdout.write(f"Hours written anew: {anew}. Hours added: {added}. Complete before {rollups.mark():%Y-%m-%d %H:%M} UTC.")
