"""Many callers on one wallet, in one process or several: together they never spend what is not there."""

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection

from billing import holds, ledger
from billing.models import Hold, Wallet
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from projects.models import ApiKey, Project
from tests.billing import till
from tests.meanwhile import A_LITTLE_S, uncommitted

pytestmark = pytest.mark.usefixtures("money")


def code(answer: Any) -> str:
    return answer.code if isinstance(answer, Refusal) else type(answer).__name__


def test_money_for_ten_calls_lets_ten_of_sixty_four_threads_through() -> None:
    dana = till.customer(dollars="1.00")
    answers: list[Any] = []
    barrier = threading.Barrier(64)
    asks = [dana.ask() for _ in range(64)]

    def call(ask: holds.HoldAsk) -> None:
        barrier.wait()
        answers.extend(till.all_at_once([ask]))  # an event loop of its own

    threads = [threading.Thread(target=call, args=(ask,)) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(map(code, answers)) == {"Held": 10, "insufficient_funds": 54}
    assert dana.wallet.held_nanousd == dana.wallet.balance_nanousd


def test_calls_that_hold_and_pay_at_once_end_with_an_empty_wallet() -> None:
    dana = till.customer(dollars="1.00")

    async def call() -> int:
        spent = 0
        for _ in range(10):
            try:
                held = await holds.authorise(dana.ask())
            except Refusal:
                continue
            spent += (await holds.capture(held, till.outcome(held, till.CALL))).charged_nanousd
        return spent

    async def everyone() -> list[int]:
        return await asyncio.gather(*(call() for _ in range(20)))

    assert sum(till.run(everyone())) == 10 * till.CALL
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd) == (0, 0)


def test_a_statement_is_in_the_order_of_its_balances_whoever_calls_first() -> None:
    dana = till.customer(dollars="100.00")
    helds = till.all_at_once(dana.ask() for _ in range(40))

    async def in_another_order() -> None:
        await asyncio.gather(*(holds.capture(held, till.outcome(held, till.CALL // number)) for number, held in enumerate(helds[::-1], 1)))

    till.run(in_another_order())
    assert till.statement_adds_up(dana.wallet)


def test_an_entry_that_waited_for_another_process_comes_after_its_entry() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())

    def move() -> None:
        wallet = Wallet.objects.select_for_update().get(pk=dana.wallet.pk)
        balance, instant = wallet.balance_nanousd + 5, clock.now() + timedelta(seconds=A_LITTLE_S / 2)
        wallet.entries.create(kind="credit", amount_nanousd=5, balance_after_nanousd=balance, reference="theirs", created_at=instant)
        Wallet.objects.update(balance_nanousd=balance)

    with uncommitted(move):
        till.capture(held, till.CALL)
    assert till.statement_adds_up(dana.wallet)


def test_wallets_do_not_mix() -> None:
    shoppers = [till.customer(f"shopper{number}", dollars="0.30") for number in range(8)]
    answers = till.all_at_once(shopper.ask() for _ in range(5) for shopper in shoppers)
    assert Counter(map(code, answers)) == {"Held": 24, "insufficient_funds": 16}
    assert {shopper.wallet.held_nanousd for shopper in shoppers} == {3 * till.CALL}


def shops(dana: till.Customer, **orders: Any) -> list["subprocess.Popen[str]"]:
    """Two processes that start shopping at the same moment, each in a project of its own unless ``project`` says otherwise."""
    database = settings.DATABASES["default"]
    orders = {
        "database": {name: str(database[name]) for name in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT") if name in database},
        "tick": dana.tick.pk,
        "amount": till.CALL,
        "free": False,
        "pay": False,
        **orders,
    }
    second = orders.pop("project", None) or Project.objects.create(organization=dana.organization, name="Second")
    connection.close()
    return _start(
        orders, [{"organization_id": str(dana.organization.pk), "project_id": str(project.pk)} for project in (dana.project, second)]
    )


def _start(orders: dict[str, Any], ids: list[dict[str, str]]) -> list["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.billing.shopper"]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in ids]
    for shop, its in zip(started, ids, strict=True):
        assert shop.stdin
        shop.stdin.write(json.dumps(orders | {"ids": its}) + "\n")
        shop.stdin.flush()
    for shop in started:
        assert shop.stdout
        assert shop.stdout.readline() == "ready\n"
    for shop in started:
        assert shop.stdin
        shop.stdin.close()
    return started


def shop_in_two_processes(dana: till.Customer, **orders: Any) -> Counter[str]:
    """All answers they got."""
    answers: Counter[str] = Counter()
    for shop in shops(dana, **orders):
        with shop:
            assert shop.stdout
            answers.update(json.loads(shop.stdout.read().splitlines()[-1]))
        assert shop.returncode == 0
    return answers


def test_a_key_is_revoked_under_load_and_no_call_starts_afterwards() -> None:
    dana = till.customer(dollars="500.00")
    started_after: list[bool] = []

    async def call(revoked: asyncio.Event) -> None:
        for _ in range(200):
            is_revoked = revoked.is_set()
            try:
                await holds.authorise(dana.ask())
            except Refusal as refusal:
                assert code(refusal) == "invalid_api_key"  # noqa: PT017
                return
            started_after.append(is_revoked)

    async def everyone() -> None:
        revoked = asyncio.Event()
        calls = [asyncio.create_task(call(revoked)) for _ in range(8)]
        await asyncio.sleep(0.2)
        await asyncio.to_thread(revoke)
        revoked.set()
        await asyncio.gather(*calls)

    def revoke() -> None:
        ApiKey.objects.filter(pk=dana.key.pk).update(revoked_at=clock.now())
        connection.close()

    till.run(everyone())
    assert started_after
    assert not any(started_after)


def test_two_processes_share_one_wallet_exactly() -> None:
    dana = till.customer(dollars="5.00")
    assert shop_in_two_processes(dana, workers=16, calls=5) == {"held": 50, "insufficient_funds": 110}


def test_two_processes_share_the_free_requests_exactly() -> None:
    dana = till.customer(dollars=None)
    answers = shop_in_two_processes(dana, workers=15, calls=5, free=True, pay=True)
    assert answers == {"held": 100, "free_quota_exhausted": 50}


def test_two_processes_share_a_cap_exactly_while_they_pay() -> None:
    dana = till.customer(dollars="50.00")
    Project.objects.update(daily_cap_nanousd=30 * till.CALL)
    answers = shop_in_two_processes(dana, project=dana.project, workers=10, calls=5, pay=True)
    assert answers == {"held": 30, "project_daily_cap": 70}
    assert dana.wallet.balance_nanousd == 470 * till.CALL
    assert till.statement_adds_up(dana.wallet)


def test_two_processes_share_the_cap_of_a_key_exactly_as_its_first_traffic() -> None:
    dana = till.customer(dollars="50.00")
    ApiKey.objects.update(monthly_cap_nanousd=30 * till.CALL)
    answers = shop_in_two_processes(dana, project=dana.project, key=str(dana.key.pk), workers=10, calls=5, pay=True)
    assert answers == {"held": 30, "key_monthly_cap": 70}
    assert dana.wallet.balance_nanousd == 470 * till.CALL


def test_killed_processes_lose_no_payment_they_acknowledged_and_leave_nothing_held() -> None:
    dana = till.customer(dollars="5000.00")
    paid: set[UUID] = set()
    for shop in shops(dana, workers=8, calls=1000, pay=True, aloud=True):
        with shop:
            assert shop.stdout
            lines = [shop.stdout.readline() for _ in range(50)]
            shop.kill()
            lines += shop.stdout.read().splitlines(keepends=True)
        paid |= {UUID(line.strip()) for line in lines if line.endswith("\n")}
    assert len(paid) >= 100
    assert paid <= set(Hold.objects.filter(state="captured", captured_nanousd=till.CALL).values_list("pk", flat=True))
    ledger.sweep(clock.now() + timedelta(hours=1))
    assert dana.wallet.held_nanousd == 0
