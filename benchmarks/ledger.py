"""Authorise + capture per second: ``python -m benchmarks.ledger`` prints one table, in about a minute.

SQLite in a temporary folder; PostgreSQL where DATABASE_URL names a server (a database ``test_…`` is made there and dropped).
``grouped`` is the ledger as it is. ``one by one`` is the same work without its two ideas, in the same run: a transaction for
every call, a trip for every statement, from as many threads as there are callers (at most 32, each with its connection).
"""

import asyncio
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

CALLERS, WALLETS, SECONDS = (1, 32, 256), (1, 100), 2.0
MOST_THREADS = 32


def main() -> None:
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n")
    print("| database | wallets | callers | grouped, pairs/s | median pair, ms | CPU of a pair, µs | one by one, pairs/s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for address in filter(None, ("sqlite", os.environ.get("DATABASE_URL"))):
            environment = os.environ | {"CLOD_VAR": folder, "DATABASE_URL": "" if address == "sqlite" else address}
            subprocess.run([sys.executable, "-m", "benchmarks.ledger", "one"], env=environment, check=True)


def measure() -> None:
    """All cells of one database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    import django

    django.setup()
    from django.db import connection

    from billing import check, ledger

    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        for wallets in WALLETS:
            shoppers = _shoppers(wallets)
            for callers in CALLERS:
                grouped, median_ms, cpu_us = _grouped(shoppers, callers)
                single = _one_by_one(shoppers, min(callers, MOST_THREADS))
                print(
                    f"| {_server()} | {wallets} | {callers} | {grouped:,.0f} | {median_ms:.1f} | {cpu_us:.0f} | {single:,.0f} |", flush=True
                )
        ledger.stop(10)
        assert not check.findings()
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def _server() -> str:
    from django.db import connection

    version = connection.Database.sqlite_version if connection.vendor == "sqlite" else str(connection.pg_version // 10_000)
    return f"{connection.display_name} {version}"


def _shoppers(wallets: int) -> list[Any]:
    from tests.billing import till

    return [till.customer(f"shopper{wallets}-{number}", dollars="1000000") for number in range(wallets)]


def _grouped(shoppers: list[Any], callers: int) -> tuple[float, float, float]:
    """Pairs a second, the median time of a pair as its caller sees it, and this process's CPU time for one."""
    import uvloop

    from billing import holds
    from tests.billing import till

    took: list[float] = []

    async def call(number: int, deadline: float) -> None:
        shopper = shoppers[number % len(shoppers)]
        while (started := time.perf_counter()) < deadline:
            held = await holds.authorise(shopper.ask(1000))
            await holds.capture(held, till.outcome(held, 700))
            took.append(time.perf_counter() - started)

    async def everyone() -> float:
        started = time.perf_counter()
        await asyncio.gather(*(call(number, started + SECONDS) for number in range(callers)))
        return time.perf_counter() - started

    before = time.process_time()
    seconds = uvloop.run(everyone())
    cpu_us = (time.process_time() - before) / len(took) * 1e6
    return len(took) / seconds, sorted(took)[len(took) // 2] * 1000, cpu_us


def _one_by_one(shoppers: list[Any], callers: int) -> float:
    from billing.ledger.operations import Authorise, Ending, Settle
    from tests.billing import till

    counts = [0] * callers

    def call(number: int, deadline: float) -> None:
        store, shopper = _plain_store(), shoppers[number % len(shoppers)]
        while time.perf_counter() < deadline:
            held = _alone(store, Authorise(shopper.ask(1000)))
            _alone(store, Settle(held, Ending.CAPTURE, till.outcome(held, 700)))
            counts[number] += 1
        store.close()

    return _in_threads(call, callers, counts)


def _in_threads(call: Callable[[int, float], None], callers: int, counts: list[int]) -> float:
    started = time.perf_counter()
    threads = [threading.Thread(target=call, args=(number, started + SECONDS)) for number in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def _alone(store: Any, operation: Any) -> Any:
    """A transaction of its own, again and again while others are in the way."""
    from billing.ledger import transaction
    from billing.ledger.locks import Known
    from billing.ledger.store import Contended
    from clod_site.lib import clock

    while True:
        try:
            return transaction.run(store, [operation], clock.now(), Known())[0]
        except Contended:
            continue


def _plain_store() -> Any:
    """A store that sends one statement a trip."""
    from django.db import connections

    from billing.ledger import store

    if connections["default"].vendor == "sqlite":
        return store.connect()
    from billing.ledger.store_postgres import PostgresStore

    class Plain(PostgresStore):
        def _send(self, sql: str, parameters: Any = ()) -> Any:
            answer = super()._send(sql, parameters)
            self._pipeline.trip()
            return answer

    return Plain()


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["one"] else main()
