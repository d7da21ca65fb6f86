"""Poisonous rows, lost connections, an absent database, a full queue: money is right, and everybody gets an answer."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from activity.models import Request
from billing import holds, ledger, refusals
from billing.ledger import settlement, store, writer
from billing.models import Attempt, Hold
from clod_site.lib import clock, ids
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")
postgres_only = pytest.mark.skipif(connection.vendor != "postgresql", reason="a server that can be away")


async def capture_all(*pairs: tuple[holds.Held, holds.Outcome]) -> list[Any]:
    return await asyncio.gather(*(holds.capture(held, outcome) for held, outcome in pairs))


def test_text_no_database_takes_is_cleaned_and_charged() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    dirty = "a\0b\ud800c"
    till.capture(
        held, 1000, requested_model=dirty * 100, model="é\0", finish_reason=dirty, routing={dirty: [dirty, float("nan"), object, {"n": 1}]}
    )
    row = Request.objects.get()
    assert (row.cost_nanousd, row.model, row.finish_reason, len(row.requested_model)) == (1000, "é", "ab?c", 200)
    assert row.routing["ab?c"][:2] == ["ab?c", None]


def test_rows_the_database_refuses_do_not_stop_the_charge_or_the_neighbours() -> None:
    dana = till.customer()
    poisoned, neighbour = till.authorise(dana.ask()), till.authorise(dana.ask())
    nobody = holds.AttemptRow(1, 10**9, clock.now(), None, 1, 0, "an endpoint that does not exist")
    pairs = (
        (poisoned, till.outcome(poisoned, 1000, user_id=ids.uuid7(), attempt_rows=(nobody,))),  # the user is gone, too
        (neighbour, till.outcome(neighbour, 2000)),
    )
    assert [settled.charged_nanousd for settled in till.run(capture_all(*pairs))] == [1000, 2000]
    assert (Request.objects.get(pk=poisoned.request_id).is_estimated, Attempt.objects.count()) == (True, 0)
    assert Request.objects.get(pk=neighbour.request_id).requested_model == "Llama"


@pytest.mark.parametrize("number", [-1, 10**6, 10**30])
def test_a_statement_that_fails_half_way_does_not_stop_the_charge(number: int) -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    attempt = holds.AttemptRow(number, dana.tick.endpoint_id, clock.now(), None, 1, 0, "ok")
    assert till.capture(held, 1000, attempt_rows=(attempt,)).charged_nanousd == 1000


def test_a_row_of_the_wrong_shape_is_the_gateways_defect_not_the_customers() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    assert till.run(holds.capture(held, holds.Outcome(1000, row="not a row"))).charged_nanousd == 1000


def test_a_settlement_that_never_succeeds_is_given_up_and_left_to_the_sweeper(monkeypatch: pytest.MonkeyPatch) -> None:
    dana = till.customer()
    held, neighbour = till.authorise(dana.ask()), till.authorise(dana.ask())
    settle = settlement.settle

    def fails(books: Any, its: holds.Held, *rest: Any) -> Any:
        if its.request_id == held.request_id:
            raise KeyError("a defect")
        return settle(books, its, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(settlement, "settle", fails)
        with pytest.raises(refusals.LedgerUnavailable):
            till.capture(held, 1000)
        assert till.capture(neighbour, 2000).charged_nanousd == 2000
    assert ledger.sweep(clock.now() + timedelta(hours=1)) == 1


def test_a_full_queue_turns_calls_away_but_never_a_settlement(monkeypatch: pytest.MonkeyPatch) -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    monkeypatch.setattr(writer, "MOST_WAITING", 0)
    with pytest.raises(refusals.LedgerBusy) as caught:
        till.authorise(dana.ask())
    assert (caught.value.status, caught.value.retry_after_s) == (503, 1)
    assert till.capture(held, 1000).charged_nanousd == 1000


def _server(sql: str) -> None:
    """As the server's operator."""
    database = settings.DATABASES["default"]
    where = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"], "dbname": "postgres"}
    with psycopg.connect(**{name: value for name, value in where.items() if value}, autocommit=True) as operator:
        operator.execute(sql)


def _cut_connections() -> None:
    """Those of the ledger; the test's own stay."""
    name = settings.DATABASES["default"]["NAME"]
    _server(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND application_name = 'clod ledger'")


@contextmanager
def database_away() -> Iterator[None]:
    name = settings.DATABASES["default"]["NAME"]
    _server(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
    _cut_connections()
    try:
        yield
    finally:
        _server(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


@postgres_only
def test_a_lost_connection_is_replaced_before_anybody_notices() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    _cut_connections()
    assert till.capture(held, 1000).charged_nanousd == 1000
    _cut_connections()
    assert till.authorise(dana.ask()).amount_nanousd == till.CALL


@postgres_only
def test_with_the_database_away_calls_are_refused_and_settlements_wait() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    answers: list[Any] = []
    paying = threading.Thread(target=lambda: answers.append(till.capture(held, 1000)))
    with database_away():
        paying.start()
        for _ in range(3):
            started = time.monotonic()
            with pytest.raises(refusals.LedgerUnavailable) as caught:
                till.authorise(dana.ask())
            assert time.monotonic() - started < 2
            assert (caught.value.status, bool(caught.value.retry_after_s)) == (503, True)
        assert answers == []
    paying.join(10)
    assert [settled.charged_nanousd for settled in answers] == [1000]
    assert till.authorise(dana.ask()).amount_nanousd == till.CALL


@postgres_only
def test_a_checkpoint_made_while_the_database_is_away_is_written_once_it_is_back() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    with database_away():
        holds.checkpoint(held, 3000)
        with pytest.raises(refusals.LedgerUnavailable):
            till.authorise(dana.ask())  # the checkpoint was in this batch, or in one before
    till.run(holds.void(till.authorise(dana.ask())))
    assert holds.stop(10)
    assert Hold.objects.get(pk=held.request_id).checkpoint_nanousd == 3000


@postgres_only
def test_an_answer_means_on_disk_whatever_the_server_is_set_to() -> None:
    def of_the_ledger() -> str:
        ledgers = store.connect()
        try:
            return str(ledgers._pipeline.send("SHOW synchronous_commit").rows()[0][0])  # type: ignore[attr-defined]
        finally:
            ledgers.close()

    name = settings.DATABASES["default"]["NAME"]
    for servers, ours in (("off", "on"), ("remote_apply", "remote_apply")):
        _server(f'ALTER DATABASE "{name}" SET synchronous_commit = {servers}')
        try:
            assert of_the_ledger() == ours
        finally:
            _server(f'ALTER DATABASE "{name}" RESET synchronous_commit')


@postgres_only
def test_connections_cut_under_load_lose_no_settlement() -> None:
    dana = till.customer(dollars="50.00")
    over = threading.Event()

    def cut() -> None:
        while not over.wait(0.15):
            _cut_connections()

    async def call() -> int:
        paid = 0
        for _ in range(15):
            try:
                held = await holds.authorise(dana.ask())
            except refusals.TryAgain:
                continue
            paid += (await holds.capture(held, till.outcome(held, 1000))).charged_nanousd
        return paid

    async def everyone() -> list[int]:
        return await asyncio.gather(*(call() for _ in range(8)))

    cutter = threading.Thread(target=cut)
    cutter.start()
    paid = sum(till.run(everyone()))
    over.set()
    cutter.join()
    holds.stop(10)
    assert paid > 0
    assert dana.wallet.balance_nanousd == 500 * till.CALL - paid
    assert dana.wallet.held_nanousd == 0
