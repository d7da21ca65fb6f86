"""Where a call's time goes: ``python -m benchmarks.stages`` prints one table in a minute, CALLS=500 of each kind.

A gateway as ``make bench`` has it (PostgreSQL that flushes to disk, Valkey, everything on), one call after the other, each with the
``Server-Timing`` of its answer. Milliseconds, median and 99th percentile. Waiting is in it: for Valkey in ``parse``, for the commit of
the hold in ``authorise``, for the upstream in ``attempt``, for the commit of the settlement in ``settle``.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import sys
import time

import httpx2

from benchmarks.chaos.report import machine
from benchmarks.load import stands
from benchmarks.load.driving import WORDS
from tests import stores

CALLS, WARM_UP = int(os.environ.get("CALLS", "500")), 100
STAGES = ("door", "identify", "parse", "route", "authorise", "attempt", "relay", "settle")
WHOLE = "whole"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("PostgreSQL", "SQLite"), default="PostgreSQL")
    database = parser.parse_args().database
    described, folder = machine(), stores.temporary_folder()
    try:
        with stands.upstream(folder) as upstream_port:
            room = folder / "gateway"
            room.mkdir()
            with stands.gateway(room, upstream_port, database=database, more={"CLOD_SERVER_TIMING": "1"}) as stand:
                found = asyncio.run(_calls(stand))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{described}\n{database}, {CALLS} calls one after the other\n\n| stage | p50 ms | p99 ms |\n|---|---|---|")
    for stage in (*STAGES, WHOLE):
        took_ms = [each[stage] for each in found]
        print(f"| {stage} | {statistics.median(took_ms):.3f} | {statistics.quantiles(took_ms, n=100)[98]:.3f} |")


async def _calls(stand: stands.Stand) -> list[dict[str, float]]:
    body = json.dumps({"model": "load", "messages": [{"role": "user", "content": WORDS}], "max_tokens": 100}).encode()
    headers = {"authorization": f"Bearer {stand.key}", "content-type": "application/json"}
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{stand.port}", headers=headers) as client:
        found = []
        for _ in range(WARM_UP + CALLS):
            began = time.perf_counter()
            answer = await client.post(stand.path, content=body)
            took_ms = (time.perf_counter() - began) * 1000
            if answer.status_code != 200:
                sys.exit(answer.text)
            parts = (part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
            found.append({name: float(ms) for name, ms in parts} | {WHOLE: took_ms})
    return found[WARM_UP:]


if __name__ == "__main__":
    main()
