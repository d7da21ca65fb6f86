"""Whoever waits for the ledger may leave at any moment: nothing is lost, nothing stays held."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from billing import holds, ledger
from billing.models import Hold, Wallet
from clod_site.lib.refusal import Refusal
from projects.models import Project
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")


@contextmanager
def somebody_sits_on(project: Project) -> Iterator[None]:
    """Another transaction keeps a row (on SQLite: the database) locked; no batch that needs it can commit."""
    locked, done = threading.Event(), threading.Event()

    def sit() -> None:
        with transaction.atomic():
            Project.objects.filter(pk=project.pk).update(name="locked")
            locked.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=sit)
    thread.start()
    assert locked.wait(5)
    try:
        yield
    finally:
        done.set()
        thread.join()


def wait_until_nothing_is_held(dana: till.Customer) -> None:
    deadline = time.monotonic() + 5
    while dana.wallet.held_nanousd and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_waiter_that_is_cancelled_leaves_no_hold() -> None:
    dana = till.customer()

    async def call_and_leave() -> None:
        call = asyncio.create_task(holds.authorise(dana.ask()))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(0.3)  # the answer comes to an empty chair

    till.run(call_and_leave())
    ledger.stop(10)
    assert [hold.state for hold in Hold.objects.all()] == ["voided"]
    assert dana.wallet.held_nanousd == 0


def test_a_waiter_that_is_cancelled_as_its_hold_arrives_leaves_no_hold() -> None:
    dana = till.customer()

    async def call_and_leave() -> None:
        call = asyncio.create_task(holds.authorise(dana.ask()))
        await asyncio.sleep(0)
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is busy while the ledger commits, so answer and cancellation are met together
        asyncio.get_running_loop().call_soon(call.cancel)
        with pytest.raises(asyncio.CancelledError):
            await call

    till.run(call_and_leave())
    ledger.stop(10)
    assert [hold.state for hold in Hold.objects.all()] == ["voided"]


def test_a_waiter_whose_event_loop_is_gone_leaves_no_hold() -> None:
    dana = till.customer()

    async def call_and_vanish() -> None:
        call = asyncio.create_task(holds.authorise(dana.ask()))
        await asyncio.sleep(0)
        call.cancel()

    with somebody_sits_on(dana.project):
        till.run(call_and_vanish())
    wait_until_nothing_is_held(dana)
    ledger.stop(10)
    assert {hold.state for hold in Hold.objects.all()} <= {"voided"}


def test_a_capture_whose_waiter_is_cancelled_still_charges() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())

    async def pay_and_leave() -> None:
        payment = asyncio.create_task(holds.capture(held, till.outcome(held, 1000)))
        await asyncio.sleep(0)
        payment.cancel()
        with pytest.raises(asyncio.CancelledError):
            await payment

    till.run(pay_and_leave())
    ledger.stop(10)
    assert dana.wallet.balance_nanousd == 10 * till.CALL - 1000


def test_a_locked_row_is_answered_with_503_in_less_than_two_seconds_and_holds_nothing() -> None:
    dana = till.customer()
    with somebody_sits_on(dana.project):
        started = time.monotonic()
        with pytest.raises(Refusal) as caught:
            till.authorise(dana.ask())
        assert time.monotonic() - started < 2
    assert (caught.value.status, bool(caught.value.retry_after_s)) == (503, True)
    ledger.stop(10)
    assert dana.wallet.held_nanousd == 0


def test_who_queues_behind_a_stuck_call_is_answered_in_time_too() -> None:
    dana = till.customer()

    async def one_after_the_other() -> float:
        first = asyncio.create_task(holds.authorise(dana.ask()))
        await asyncio.sleep(0.3)
        started = time.monotonic()
        with pytest.raises(Refusal):
            await holds.authorise(dana.ask())
        took = time.monotonic() - started
        await asyncio.wait([first])
        assert first.exception()
        return took

    with somebody_sits_on(dana.project):
        assert till.run(one_after_the_other()) < 2


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks the whole database")
def test_a_locked_row_does_not_stop_other_customers() -> None:
    dana, eve = till.customer(), till.customer("eve")
    with somebody_sits_on(dana.project):
        answers = till.all_at_once([dana.ask(), eve.ask()])
    assert [type(answer).__name__ for answer in answers] == ["LedgerBusy", "Held"]


def test_a_settlement_waits_until_the_lock_is_gone_and_holds_up_nobody() -> None:
    dana, eve = till.customer(), till.customer("eve")
    held = till.authorise(dana.ask())
    wallet = dana.wallet
    locked, done = threading.Event(), threading.Event()

    def sit() -> None:
        with transaction.atomic():
            Wallet.objects.filter(pk=wallet.pk).update(created_at=wallet.created_at)
            locked.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=sit)
    thread.start()
    locked.wait(5)
    threading.Timer(3, done.set).start()

    async def meanwhile() -> list[float]:
        payment = asyncio.create_task(holds.capture(held, till.outcome(held, 1000)))
        await asyncio.sleep(1.4)
        took = []
        while not payment.done() and connection.vendor != "sqlite":
            started = time.monotonic()
            await holds.authorise(eve.ask(1))
            took.append(time.monotonic() - started)
            await asyncio.sleep(0.02)
        assert (await payment).charged_nanousd == 1000
        return took

    assert all(seconds < 1 for seconds in till.run(meanwhile()))
    thread.join()


def test_stopping_commits_what_waits() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())

    async def pay_and_go() -> None:
        task = asyncio.create_task(holds.capture(held, till.outcome(held, 1000)))
        await asyncio.sleep(0)
        assert holds.stop(10)
        assert (await task).charged_nanousd == 1000

    till.run(pay_and_go())
    assert dana.wallet.held_nanousd == 0
    assert till.authorise(dana.ask()).amount_nanousd == till.CALL  # and it starts again when it is needed
