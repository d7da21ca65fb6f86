"""Days of real prices through the whole gateway, in fast motion: ``python -m benchmarks.follow_the_grid PRICES.csv …`` prints one table.

Every five minutes of the files' time the price job runs and two requests are sent over HTTP to a fake upstream; the table says
where they went against where electricity was cheapest. On SQLite, in a temporary folder. ``--day`` (may be given again) names
the days, ``--sites`` the data centers; without it, all that the files have prices for.
"""

import argparse
import os
import tempfile
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DAY = timedelta(days=1)
HEAD = ("day", "requests", "moves", "late requests", "intervals at the cheapest site", "electricity vs average", "regret $/MWh")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--day", action="append", type=lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC))
    parser.add_argument("--sites", type=lambda text: text.split(","))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"CLOD_VAR": folder, "DATABASE_URL": "", "REDIS_URL": "", "CLOD_LOG_LEVEL": "WARNING"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "clod_site.settings"
        import django

        django.setup()
        _run(options.files, options.day, options.sites)


def _run(files: list[Path], days: list[datetime] | None, wanted: list[str] | None) -> None:
    from catalog.energy.feeds import replay

    points = replay.read(files)
    known = {(point.market, point.node) for point in points}
    sites = {slug: values for slug, values in _data_centers().items() if values[:2] in known and (not wanted or slug in wanted)}
    days = days or [min(point.interval_start for point in points).replace(hour=0, minute=0) + DAY]
    for day in days:
        if not any(day <= point.interval_start < day + DAY for point in points):
            raise SystemExit(f"The files have no prices of {day:%Y-%m-%d}; they have some from {_first(points)} to {_last(points)}.")
    print(f"{' '.join(sites)}\n\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for day in days:
        with _gateway(sites) as call:
            found = _lived(day, _Past(points), call)
        cells = (f"{day:%Y-%m-%d}", found.calls, found.switches, found.late, f"{found.at_the_cheapest:.0%}", f"−{found.saving:.1%}")
        print(f"| {' | '.join(map(str, cells))} | {found.regret_usd_per_mwh:.2f} |", flush=True)


def _first(points: list[Any]) -> str:
    return f"{min(point.interval_start for point in points):%Y-%m-%d}"


def _last(points: list[Any]) -> str:
    return f"{max(point.interval_start for point in points):%Y-%m-%d}"


def _data_centers() -> dict[str, tuple[str, str, int]]:
    """Market, node and adder of those of the catalog files."""
    from django.conf import settings

    from catalog.loading import source

    rows, _ = source.read_all([settings.CLOD_CATALOG_DIR / "data_centers.yaml"])
    return {row.values["slug"]: (row.values["market"], row.values["node"], row.values["adder_microusd_per_mwh"]) for row in rows}


def _lived(day: datetime, past: "_Past", call: Callable[[], str]) -> Any:
    from tests.gateway import simulated_day

    return simulated_day.outcome(simulated_day.live(day, past, call))


@contextmanager
def _gateway(sites: Mapping[str, tuple[str, str, int]]) -> Iterator[Callable[[], str]]:
    """A database, a gateway, a model at these data centers, and a customer: what sends a request and tells where it was answered."""
    import httpx2
    from django.db import connection

    from billing import ledger
    from projects import keys
    from tests.billing import till
    from tests.gateway.fake_upstream import FakeUpstream, serving
    from tests.gateway.listening import address_of, listening

    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        shopper = till.customer("visitor", dollars="1000000")
        _, key = keys.generate(shopper.project, name="day", actor=shopper.project.organization.memberships.get().user)
        with serving(FakeUpstream().complete) as upstream, listening() as server:
            _offer(sites, upstream)
            with httpx2.Client(base_url=address_of(server), headers={"authorization": f"Bearer {key}"}, timeout=20) as client:
                yield lambda: _where(client)
        ledger.stop(10)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def _offer(sites: Mapping[str, tuple[str, str, int]], upstream: str) -> None:
    from catalog.models import DataCenter, Provider
    from tests.gateway import shop

    Provider.objects.update(adapter="compatible", needs_credential=False)
    model = shop.model("hosted", energy_weight=0.35)
    for slug, (market, node, adder) in sites.items():
        shop.endpoint(model, upstream, "paris", at=slug)
        DataCenter.objects.filter(slug=slug).update(market=market, node=node, adder_microusd_per_mwh=adder)


def _where(client: Any) -> str:
    question = [{"role": "user", "content": "What is the capital of France?"}]
    response = client.post("/v1/chat/completions", json={"model": "hosted", "max_completion_tokens": 7, "messages": question})
    assert response.status_code == 200, response.text
    return str(response.headers["x-clod-data-center"])


class _Past:
    """A feed that says what the files say, when they said it."""

    name, label, has_past = "replay", "past prices", True

    def __init__(self, points: list[Any]) -> None:
        self._by_node: dict[tuple[str, str], list[Any]] = {}
        for point in sorted(points, key=lambda point: point.interval_start):
            self._by_node.setdefault((point.market, point.node), []).append(point)

    def points(self, market_nodes: Collection[tuple[str, str]], start: datetime, end: datetime) -> list[Any]:
        return [point for node in market_nodes for point in self._within(self._by_node.get(node, []), start, end)]

    def mean(self, *_: Any) -> None:
        return None

    def _within(self, points: list[Any], start: datetime, end: datetime) -> list[Any]:
        first = bisect_left(points, start, key=lambda point: point.interval_start)
        last = bisect_left(points, end, key=lambda point: point.interval_start)
        return points[first:last]


if __name__ == "__main__":
    main()
