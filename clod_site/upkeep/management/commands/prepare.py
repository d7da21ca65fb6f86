"""``manage.py prepare``: what a new version needs before its processes start, in the order they need each other."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

STEPS = ("migrate", "load_catalog", "backfill_prices")


class Command(BaseCommand):
    help = f"{', '.join(STEPS)}: safe to run again, and while the version before is serving."
    requires_migrations_checks = False

    def handle(self, *args: Any, verbosity: int, **options: Any) -> None:
        for step in STEPS:
            told = {"interactive": False} if step == "migrate" else {}
            call_command(step, verbosity=verbosity, stdout=self.stdout, stderr=self.stderr, **told)
