"""How long Activity takes with many requests: ``python -m benchmarks.activity_page`` prints one table for each database.

1,000,000 requests of one organization on the PostgreSQL of DATABASE_URL (a database ``test_…`` is made there and dropped), 100,000 on
SQLite in a temporary folder. They are spread over 90 days with the rhythm of working days, over 5 projects, 12 keys, 8 models and 9 data
centers. Times are of the whole view in this process, middleware and templates included: what the server takes to answer. The first visit
of each address is told apart: the database may have to fetch its rows. CPU is the mean of this process alone.
"""

import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

REQUESTS = {"sqlite": 100_000, "postgresql": 1_000_000}
DAYS, RUNS, BATCH = 90, 7, 5000
SITES = ("dfw", "nva", "chi", "nyc", "sjc", "tor", "cal", "bos", "msp")
ROUTING = {"strategy": "energy", "won_by": "cheapest electricity", "candidates": [{"data_center": site, "lost": ""} for site in SITES]}
MODELS = ("llama-70b", "llama-8b", "qwen-32b", "mixtral", "gpt-4o", "claude", "gemini", "deepseek")


def main() -> None:
    print(f"{platform.platform()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {time.strftime('%Y-%m-%d')}")
    with tempfile.TemporaryDirectory() as folder:
        for address in filter(None, ("sqlite", os.environ.get("DATABASE_URL"))):
            environment = os.environ | {"CLOD_VAR": folder, "DATABASE_URL": "" if address == "sqlite" else address}
            environment |= {"REDIS_URL": "", "CLOD_MODE": "", "CLOD_LOG_LEVEL": "WARNING"}
            subprocess.run([sys.executable, "-m", "benchmarks.activity_page", "one"], env=environment, check=True)


def measure() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    import django

    django.setup()
    from django.db import connection

    from clod_site.embedded import assets

    assets.collect()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        _measure(int(os.environ.get("REQUESTS", REQUESTS[connection.vendor])))
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def _measure(count: int) -> None:
    from activity import rollups
    from activity.models import UsageHour
    from clod_site.lib import clock
    from tests.people import browser, owner

    alice = owner("alice")
    filling = _timed(lambda: _fill(alice, count))
    adding = _timed(lambda: rollups.advance(clock.now(), run_s=float("inf")))
    _analyse()
    visit = browser(alice)
    visit.defaults["SERVER_NAME"] = "127.0.0.1"
    print(f"\n{_server()}: {count:,} requests filled in {filling:.0f} s, {UsageHour.objects.count():,} rollups built in {adding:.1f} s\n")
    _sizes()
    _visit(visit, "/docs")
    print(f"the first Activity of a process that has answered something else: {_visit(visit, '/activity')[0]:.0f} ms\n")
    print("| what | CPU, ms | median, ms | worst, ms | first, ms | kB |\n|---|---|---|---|---|---|")
    for name, address in _addresses(visit):
        _row(visit, name, address)
    print(f"\nload average {', '.join(f'{each:.1f}' for each in os.getloadavg())}", flush=True)


def _sizes() -> None:
    """Bytes of a row with its indexes, where the database tells."""
    from django.db import connection

    from activity.models import Request, UsageHour

    for model in (Request, UsageHour) if connection.vendor == "postgresql" else ():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_total_relation_size(%s)", [model._meta.db_table])
            size = cursor.fetchone()[0]
        print(f"{model._meta.verbose_name}: {size / 1e6:,.0f} MB, {size / model.objects.count():,.0f} bytes a row with its indexes\n")


def _row(visit: Any, name: str, address: str) -> None:
    first_ms, _ = _visit(visit, address)
    before = _cpu_s()
    answers = [_visit(visit, address) for _ in range(RUNS)]
    cpu_ms, took = (_cpu_s() - before) * 1000 / RUNS, [ms for ms, _ in answers]
    figures = (cpu_ms, statistics.median(took), max(took), first_ms, answers[0][1] / 1000)
    print(f"| {name} | {' | '.join(f'{figure:.0f}' for figure in figures)} |", flush=True)


def _cpu_s() -> float:
    """Of this process."""
    return time.process_time()


def _visit(visit: Any, address: str) -> tuple[float, int]:
    """Of a file its head and its first thousand requests; with a ``seen`` it is the live tail that asks."""
    began = time.perf_counter()
    answer = visit.get(address, headers={"HX-Request": "true"} if "seen=" in address else {})
    assert answer.status_code in (200, 204), address
    size = sum(map(len, islice(answer.streaming_content, 2))) if answer.streaming else len(answer.content)
    took = (time.perf_counter() - began) * 1000
    answer.close()
    return took, size


def _addresses(visit: Any) -> Iterator[tuple[str, str]]:
    from clod_site.lib import ids
    from projects.models import ApiKey, Project

    project, key = ids.public("proj", Project.objects.order_by("id")[1].pk), ApiKey.objects.order_by("id").first()
    assert key
    (next_cursor,) = re.findall(r"cursor=(req_\w+)", visit.get("/activity").content.decode())
    deep = ids.public("req", ids.first_at(datetime.now().astimezone() - timedelta(days=80)))
    rare = f"range=all&model=deepseek&status=rejected&project={project}"
    yield "first view (24 h)", "/activity"
    yield "its next page", f"/activity?cursor={next_cursor}"
    yield "30 days", "/activity?range=30d"
    yield "all time", "/activity?range=all"
    yield "all time, 80 days deep", f"/activity?range=all&cursor={deep}"
    narrow = {
        "model": "claude",
        "project": project,
        "key": key.public_id,
        "site": "nva",
        "status": "errors",
        "paid": "free",
        "stream": "no",
    }
    for name, value in narrow.items():
        yield f"all time, {name}", f"/activity?range=all&{name}={value}"
    yield "all time, text", "/activity?range=all&q=price"
    yield "all time, text that nothing has", "/activity?range=all&q=nothing"
    yield "all time, rare (worst case)", f"/activity?{rare}"
    yield "all time, rare, 80 days deep", f"/activity?{rare}&cursor={deep}"
    yield "one request by its id", f"/activity?range=all&q={next_cursor}"
    for query in ("by=model", "by=key&range=30d", "by=site&range=all", "metric=ttft&range=all", "metric=latency&by=model&range=all"):
        yield f"chart, {query.replace('&', ', ')}", f"/activity/chart.json?{query}"
    yield "CSV, first thousand, all time", "/activity.csv?range=all"
    yield "CSV, first thousand, rare", f"/activity.csv?{rare}"
    for name, query in (("", ""), (", rare", f"{rare}&")):
        yield f"live tail{name}, nothing new", f"/activity?{query}seen={_seen(visit.get(f'/activity?{query}'))}"


def _seen(answer: Any) -> str:
    return re.findall(r'data-seen="([^"]+)"', answer.content.decode())[0]


# --- requests ------------------------------------------------------------------------------------


def _fill(alice: Any, count: int) -> None:
    from django.db import connection

    from activity.models import Request
    from projects import keys
    from projects.models import Project
    from tests.people import organization_of

    organization = organization_of(alice)
    projects = [Project.objects.create(organization=organization, name=f"Project {number}") for number in range(5)]
    made = [keys.generate(projects[number % 5], name=f"key {number}", actor=alice)[0] for number in range(12)]
    dice = random.Random(7)
    rows = (_request(at, dice, organization, dice.choices(made, weights=range(12, 0, -1))[0]) for at in _instants(count, dice))
    _copy(rows) if connection.vendor == "postgresql" else Request.objects.bulk_create(rows, batch_size=BATCH)


def _copy(rows: Iterator[Any]) -> None:
    """PostgreSQL's own way to take many rows; so many at once as fit the time a statement may take."""
    from django.db import connection

    from activity.models import Request

    fields = Request._meta.concrete_fields
    statement = f"COPY activity_request ({', '.join(field.column for field in fields)}) FROM STDIN"
    while batch := list(islice(rows, BATCH)):
        with connection.cursor() as cursor, cursor.copy(statement) as sink:
            for row in batch:
                sink.write_row([field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields])


def _instants(count: int, dice: random.Random) -> Iterator[datetime]:
    """Four times as many at noon as at midnight, the oldest first."""
    from clod_site.lib import clock

    hours = DAYS * 24
    start = clock.now() - timedelta(hours=hours)
    weights = [1 + 3 * max(0, 1 - abs((start.hour + hour) % 24 - 13) / 9) for hour in range(hours)]
    for hour, weight in enumerate(weights):
        many = round(count * weight / sum(weights))
        yield from sorted(start + timedelta(hours=hour, seconds=dice.uniform(0, 3600)) for _ in range(many))


def _request(at: datetime, dice: random.Random, organization: Any, key: Any) -> Any:
    """A key calls three of the models; hosted ones go to one data center for an hour or so, sometimes two."""
    from activity.models import Request
    from tests.activity.log import id_at

    model = MODELS[(key.pk.int + dice.choice((0, 0, 0, 1, 2))) % 8]
    is_hosted = MODELS.index(model) < 4
    site = SITES[(int(at.timestamp()) // 3600 * 7 + (dice.random() < 0.1)) % 9] if is_hosted else ""
    status = dice.choices(("ok", "client_closed", "truncated", "upstream_error", "rejected"), weights=(960, 15, 10, 10, 5))[0]
    ttft = int(dice.lognormvariate(5.7, 0.6))
    return Request(
        id=id_at(at), organization=organization, project_id=key.project_id, api_key=key, created_at=at, model=model,
        requested_model=model + ("@price" if is_hosted else ""), provider="clod" if is_hosted else "openai", data_center=site,
        status=status, paid_by="free" if model == "llama-8b" and at.hour < 3 else "wallet", is_stream=key.pk.int % 3 > 0,
        prompt_tokens=dice.randrange(50, 4000), completion_tokens=dice.randrange(1, 900), cost_nanousd=dice.randrange(10**5, 10**7),
        list_cost_nanousd=dice.randrange(10**5, 10**7), attempts=1, ttft_ms=None if status in ("rejected", "upstream_error") else ttft,
        latency_ms=ttft + dice.randrange(200, 20_000), energy_uwh=900 if is_hosted else None,
        electricity_picousd=90 if is_hosted else None, electricity_average_picousd=110 if is_hosted else None,
        routing=ROUTING,
    )  # fmt: skip


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _analyse() -> None:
    """What autovacuum does by itself within minutes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _server() -> str:
    from django.db import connection

    version = connection.Database.sqlite_version if connection.vendor == "sqlite" else str(connection.pg_version // 10_000)
    return f"{connection.display_name} {version}"


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["one"] else main()
