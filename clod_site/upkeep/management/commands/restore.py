"""``manage.py restore FILE``: a backup into an empty database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clod_site.upkeep import archive

NEXT = """Restored. Now: manage.py migrate; start worker and beat, which settle the calls that were running at the backup when their holds \
expire; manage.py ledger_check; then start the web processes."""


class Command(BaseCommand):
    help = "Read FILE, a backup, into the database the settings name, which must be empty. The site must not run."
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            archive.restore(file)
        except archive.CannotArchive as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(NEXT)
