"""What the public price API costs: ``python -m benchmarks.prices`` prints one table, in about a minute.

The whole catalog with seven days of demo prices at nine data centers, on SQLite in a temporary folder. ``cached`` are requests through
the fast lane's door, without the HTTP of its server; ``made`` is the first answer of its kind, in CPU time of the thread that makes it.
"""

import asyncio
import os
import platform
import tempfile
import time
from typing import Any

REQUESTS = 5000
SPANS = (("-24h", "5m"), ("-7d", "5m"), ("-7d", "1h"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "CLOD_VAR": folder,
            "DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "clod_site.settings",
            "CLOD_PRICES_PER_MINUTE": "0",
        }
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("load_catalog", verbosity=0)
        call_command("backfill_prices", verbosity=0)
        _table()


def _table() -> None:
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}\n")
    print("| question | kB | gzip kB | made, CPU ms | cached, requests/s | CPU of a request, µs |")
    print("|---|---|---|---|---|---|")
    asyncio.run(_rows())


async def _rows() -> None:
    from gateway import snapshots

    for address, query in (("/v1/prices/now", ""), *(("/v1/prices", f"model=deepseek-v3&from={ago}&step={step}") for ago, step in SPANS)):
        await _ask(address, query)  # what the first one loads is not its own
        made_ms = _made(address, query, await snapshots.catalog())
        plain, packed = await _ask(address, query), await _ask(address, query, "gzip")
        rate, cpu_us = await _cached(address, query)
        print(f"| `{address}?{query}` | {plain / 1e3:.0f} | {packed / 1e3:.0f} | {made_ms:.0f} | {rate:,.0f} | {cpu_us:.0f} |", flush=True)
    await asyncio.to_thread(snapshots.forget)


def _made(address: str, query: str, catalog: Any) -> float:
    from concurrent.futures import ThreadPoolExecutor

    from catalog.price_book import present
    from gateway.prices import answers, asked

    def make() -> float:
        moment = present.moment(catalog)
        started = time.thread_time()
        if address.endswith("now"):
            answers.now(asked.now(query, "", catalog, moment), catalog, moment, is_late=False)
        else:
            answers.history(asked.history(query, "", catalog, moment), moment)
        return (time.thread_time() - started) * 1e3

    with ThreadPoolExecutor(1) as maker:
        return min(maker.submit(make).result() for _ in range(5))


async def _cached(address: str, query: str) -> tuple[float, float]:
    started, cpu = time.perf_counter(), time.process_time()
    for _ in range(REQUESTS):
        await _ask(address, query, "gzip")
    return REQUESTS / (time.perf_counter() - started), (time.process_time() - cpu) / REQUESTS * 1e6


async def _ask(address: str, query: str, encoding: str = "") -> int:
    """The size of the answer's body."""
    from gateway import door
    from gateway.calls import Call

    seen = _Seen()
    headers = {"host": "localhost", "accept-encoding": encoding}
    await door.answer(Call(b"", "", query, address="127.0.0.1", header=lambda name: headers.get(name, "")), "GET", address, seen)
    assert seen.status == 200, seen.body
    return len(seen.body)


class _Seen:
    """A client that keeps what it is told."""

    def whole(self, status: int, _: object, body: bytes) -> None:
        self.status, self.body = status, body

    def stream(self, *_: object) -> None:
        raise AssertionError("prices are no stream")


if __name__ == "__main__":
    main()
