"""Whether this process can serve: what ``/readyz`` and the status page look at. It blocks."""

import shutil

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from catalog.models import CatalogVersion

LEAST_FREE_BYTES = 1024**2
NOBODY = 0
_has_been_migrated = False


def problem() -> str:
    """What keeps the database from being used, in a sentence; empty when nothing does. Raises what Django raises when it is away."""
    if not _is_migrated():
        return "Migrations are missing. Run manage.py migrate."
    CatalogVersion.objects.filter(pk=NOBODY).update(number=0)  # touches no row, and fails where nothing can be written
    if connection.vendor == "sqlite" and shutil.disk_usage(settings.VAR_DIR).free < LEAST_FREE_BYTES:  # which that does not notice
        return "There is no space left on the disk. Free some."
    return ""


def _is_migrated() -> bool:
    """Looked up until it is so: reading all migrations takes a tenth of a second."""
    global _has_been_migrated
    if not _has_been_migrated:
        executor = MigrationExecutor(connection)
        _has_been_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _has_been_migrated
