"""``manage.py load_catalog [FILE…]``: bring the catalog into the state its files describe."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog import loading


class Command(BaseCommand):
    help = "Loads providers, data centers, models and endpoints from YAML files. Checks everything first; safe to run again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="Without one: every .yaml file in catalog/data.")
        parser.add_argument(
            "--deactivate-missing", action="store_true", help="Switch off rows that are not in the files, of the kinds they hold."
        )

    def handle(self, *_: Any, files: list[Path], deactivate_missing: bool, **__: Any) -> None:
        try:
            tallies = loading.load(files or _shipped(), deactivate_missing=deactivate_missing)
        except loading.CatalogInvalid as error:
            count = len(error.problems)
            raise CommandError(f"{error}\nNothing was loaded: {count} problem{'s' if count > 1 else ''} to mend.") from None
        for kind, tally in tallies.items():
            self.stdout.write(_line(kind, tally))
        if not settings.CLOD_FAKE_PROVIDER:
            loading.switch_off("fake")


def _shipped() -> list[Path]:
    """Named from here when they are below it, so that messages can be clicked in a terminal."""
    here = Path.cwd()
    folders = [settings.CLOD_CATALOG_DIR, *([settings.CLOD_CATALOG_DIR / "development"] if settings.CLOD_FAKE_PROVIDER else [])]
    paths = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    return [path.relative_to(here) if path.is_relative_to(here) else path for path in paths]


def _line(kind: str, tally: loading.Tally) -> str:
    deactivated = f", {tally.deactivated} switched off" if tally.deactivated else ""
    return f"{kind.replace('_', ' '):<13} {tally.created} created, {tally.updated} updated, {tally.unchanged} unchanged{deactivated}"
