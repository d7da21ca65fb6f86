"""In production a database that does not flush is named before anybody pays."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.db import connection

pytestmark = pytest.mark.django_db


def warnings() -> set[str]:
    return {message.msg for message in run_checks(databases=["default"]) if message.id == "billing.W001"}


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's flushing is set by ourselves")
def test_it_names_what_is_off(settings: Any) -> None:
    assert warnings() == set()  # embedded mode does not mind
    settings.PRODUCTION = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'")
        assert warnings() == {f"PostgreSQL runs with {name} off." for (name,) in cursor.fetchall()}
