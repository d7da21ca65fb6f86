"""What the ledger's statements do where one fails, whatever the database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from billing.ledger import statements, store
from billing.ledger.pipeline import Refused
from billing.models import BudgetPeriod, Hold
from clod_site.lib import clock, ids
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")
MANY = 20_000
LARGE_BYTES = 10_000_000


@pytest.fixture
def opened() -> Iterator[store.Store]:
    opened = store.connect()
    yield opened
    opened.close()


def period(project: object, key: str = "2026-06-10") -> tuple[object, ...]:
    return (project, None, key, 0, 0)


def insert(opened: store.Store, *rows: tuple[object, ...]) -> None:
    """A statement for each, and one after them."""
    with opened.transaction():
        for row in rows:
            opened.insert(statements.new_periods, [row])
        opened.select(statements.wallets, [(ids.uuid7(),)])()


def test_a_row_that_does_not_meet_the_guard_undoes_the_transaction(opened: store.Store) -> None:
    dana = till.customer()
    is_open, is_settled = till.authorise(dana.ask()), till.authorise(dana.ask())
    till.capture(is_settled, 1000)
    rows = [(held.request_id, "voided", 0, clock.now()) for held in (is_open, is_settled)]
    with pytest.raises(store.Moved), opened.transaction():
        opened.update(statements.settle, rows)
    assert Hold.objects.get(pk=is_open.request_id).state == "open"


def test_after_a_refused_statement_the_next_transaction_is_as_good_as_any(opened: store.Store) -> None:
    dana = till.customer()
    for _ in range(2):  # prepared in vain, and again
        with pytest.raises(store.Rejected):
            insert(opened, period(dana.project.pk), (None, None, "of nobody", 0, 0))
    assert not BudgetPeriod.objects.filter(period_key="2026-06-10").exists()
    with opened.transaction():
        opened.insert(statements.new_periods, [period(dana.project.pk)])
        found = opened.select(statements.wallets, [(dana.wallet.pk,)])
    assert [row[0] for row in found()] == [dana.wallet.pk]
    assert BudgetPeriod.objects.filter(period_key="2026-06-10").count() == 1


def test_what_python_cannot_encode_is_rejected_and_nothing_of_it_stays(opened: store.Store) -> None:
    dana = till.customer()
    with pytest.raises(store.Rejected):
        insert(opened, period(dana.project.pk), period(dana.project.pk, "\ud800"))
    assert not BudgetPeriod.objects.filter(period_key="2026-06-10").exists()


def test_more_than_a_socket_takes_at_once_goes_and_comes_back(opened: store.Store) -> None:
    dana = till.customer()
    keys = [f"{number:06d}" for number in range(MANY)]
    with opened.transaction():
        opened.insert(statements.new_periods, [period(dana.project.pk, key) for key in keys])
        found = opened.select(statements.periods, [(dana.project.pk, key) for key in keys])
        opened.select(statements.keys, [(ids.uuid7(),) for _ in range(MANY)])
    assert [row[2] for row in found()] == keys


@pytest.mark.skipif(connection.vendor != "postgresql", reason="psycopg's words for it")
def test_what_the_driver_cannot_read_is_rejected_and_only_the_wire_is_lost(opened: Any) -> None:
    """A settlement waits for a lost database, and would wait for ever for a value nobody can read."""
    assert isinstance(opened._named(psycopg.DataError("timestamp too large")), store.Rejected)
    assert isinstance(opened._named(psycopg.OperationalError("server closed the connection")), store.Lost)
    assert isinstance(opened._named(Refused("server closed the connection", "")), store.Lost)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL has no file that connections bring pages into")
def test_the_ledger_s_connection_alone_brings_what_was_written_into_the_file(opened: store.Store) -> None:
    """Before SQLite 3.51.3 two connections that do so in the same instant can damage it."""
    dana, file = till.customer(), Path(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE large (content BLOB)")
        try:
            before = file.stat().st_size
            cursor.execute("INSERT INTO large VALUES (zeroblob(?))", [LARGE_BYTES])
            assert file.stat().st_size == before
            insert(opened, period(dana.project.pk))
            assert file.stat().st_size > before + LARGE_BYTES // 2  # some pages were free
        finally:
            cursor.execute("DROP TABLE large")
