"""SQLite empties tables with DELETE, which the ledger's trigger refuses: between tests it is lifted for that one transaction."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.backends.sqlite3.base import DatabaseWrapper

from billing.append_only import GUARD, LIFT


@pytest.fixture(autouse=True, scope="session")
def a_flush_may_empty_the_ledger() -> Iterator[None]:
    operations = DatabaseWrapper.ops_class
    flush = operations.sql_flush

    def lifted_flush(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        statements = flush(self, style, tables, **options)
        return [*LIFT["sqlite"], *statements, *GUARD["sqlite"]] if "billing_ledgerentry" in tables else statements

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "sql_flush", lifted_flush)
        yield
