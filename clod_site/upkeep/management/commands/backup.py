"""``manage.py backup FILE``: the whole database in one file, while calls are served."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clod_site.upkeep import archive


class Command(BaseCommand):
    help = (
        "Write the whole database to FILE, as it is at one instant; safe while calls are served. The secrets are not in it: keep them, too."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            size = archive.backup(file)
        except archive.CannotArchive as reason:
            raise CommandError(str(reason)) from None
        self.stdout.write(f"{file}: {size:,} bytes.")
