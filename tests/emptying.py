"""How the database is emptied after a test with real commits: one DELETE a table, in one transaction.

Django's own flush truncates every table (PostgreSQL makes 34 new files for that, a tenth of a second) and then makes the
content types and permissions anew. Deleting a handful of rows takes five milliseconds, and what migrations made can stay.
Foreign keys are checked at commit, so the order does not matter; the triggers of what is append-only are lifted for that transaction.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from billing import append_only as ledger
from team import append_only as audit_log

MADE_BY_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(autouse=True, scope="session")
def tables_are_emptied_by_deleting() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", _empty_all)
        yield


def _empty_all(test: Any) -> None:
    for alias in test._databases_names(include_mirrors=False):
        _empty(connections[alias])


def _empty(connection: BaseDatabaseWrapper) -> None:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    deletes = [f'DELETE FROM "{table}"' for table in tables if table not in MADE_BY_MIGRATIONS]
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in (*_lifts(connection.vendor), *deletes, *_guards(connection.vendor)):
            cursor.execute(statement)


def _lifts(vendor: str) -> tuple[str, ...]:
    return (*ledger.LIFT[vendor], *audit_log.LIFT[vendor])


def _guards(vendor: str) -> tuple[str, ...]:
    return (*ledger.GUARD[vendor], *audit_log.GUARD[vendor])
