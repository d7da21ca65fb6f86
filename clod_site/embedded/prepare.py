"""Bring ``var/`` up to date before the site is served. Each step is quick when there is nothing to do."""

import io
from importlib import import_module
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from catalog import prices
from clod_site.embedded import assets, demo
from clod_site.embedded.console import step
from clod_site.lib import clock


def everything() -> demo.Prepared:
    """Database, static files, catalog, prices and the demo account, in the order they need each other.

    The code of all pages comes last: a fault in it ends the start, with its traceback.
    """
    with step("Database") as remark:
        remark("migrated" if _migrate() else "up to date")
    with step("Static files") as remark:
        remark("collected" if assets.collect() else "unchanged")
    with step("Model catalog"):
        call_command("load_catalog", verbosity=0, stdout=io.StringIO())
    with step("Seven days of demo prices"):
        prices.backfill(clock.now())
    with step("Demo account") as remark:
        prepared = demo.prepare(Path(settings.VAR_DIR) / "demo.json")
        for sentence in prepared.remarks:
            remark(sentence)
    with step("Pages"):
        import_module("clod_site.asgi")
        import_module(settings.ROOT_URLCONF)
    connections.close_all()
    return prepared


def _migrate() -> bool:
    """Whether there was a migration to apply. Asking first saves what the migrate command does around it."""
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", interactive=False, verbosity=0)
    return True
