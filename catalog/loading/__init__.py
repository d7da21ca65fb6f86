"""The catalog files, into the database: everything is checked before anything is written, and all of it is written or nothing.

``source`` reads YAML and keeps line numbers, ``fields`` and ``kinds`` say what may stand in it, ``check`` compares rows with each
other and with the database, ``write`` stores them. The formats are shown in docs/catalog.md.
"""

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction

from catalog import versions
from catalog.key_hosts import Guard
from catalog.loading import check, source, write
from catalog.loading.problems import CatalogInvalid, Problem
from catalog.loading.source import Row
from catalog.loading.write import Tally
from catalog.models import Model, Provider

__all__ = ["CatalogInvalid", "Problem", "Tally", "load", "load_text", "preview", "switch_off"]


def load(paths: Sequence[Path], *, deactivate_missing: bool = False) -> dict[str, Tally]:
    """Bring the catalog into the state the files describe; what they do not mention stays as it is.

    Safe to run again and by two processes at once: the second waits. ``deactivate_missing`` switches off rows that are not in
    the files, of the kinds the files hold. Answers counts by kind; raises CatalogInvalid with every problem found.
    """
    return _load(*source.read_all(paths), deactivate_missing=deactivate_missing)


def load_text(name: str, text: str, *, deactivate_missing: bool = False, guard: Guard | None = None) -> dict[str, Tally]:
    """The same of one file's text. ``guard`` has a say about what it did: where it complains, nothing is written."""
    return _load(*source.read_text(name, text), deactivate_missing=deactivate_missing, guard=guard)


@transaction.atomic
def preview(name: str, text: str, *, deactivate_missing: bool = False, guard: Guard | None = None) -> dict[str, Tally]:
    """What ``load_text`` would do, told by doing it and taking it back."""
    tallies = load_text(name, text, deactivate_missing=deactivate_missing, guard=guard)
    transaction.set_rollback(True)
    return tallies


@transaction.atomic
def _load(rows: list[Row], problems: list[Problem], *, deactivate_missing: bool, guard: Guard | None = None) -> dict[str, Tally]:
    versions.lock()
    problems += check.all_of(rows)
    if problems:
        raise CatalogInvalid(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    tallies = write.store(rows, deactivate_missing=deactivate_missing)
    if guard and (complaints := guard.complaints()):
        raise CatalogInvalid([Problem(rows[0].file, 0, "", complaint) for complaint in complaints])
    if any(tally.changes for tally in tallies.values()):
        versions.bump()
    return tallies


@transaction.atomic
def switch_off(provider: str) -> None:
    """A provider and the models it serves, where they were loaded once and are on."""
    models = Model.objects.filter(endpoints__provider__slug=provider, active=True).update(active=False)
    if models + Provider.objects.filter(slug=provider, active=True).update(active=False):
        versions.bump()
