"""The admin's front page: its numbers are those of the log, and it names what somebody should look at."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from activity import rollups
from billing.models import Hold, LedgerCheck, PlatformLoss, Wallet
from catalog.models import DataCenter, DeliveredPrice, Endpoint, PriceJob
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from clod_site.schedule import BEAT
from office import attention, figures
from office.models import JobRun
from projects.models import Project
from tests.activity.log import call, id_at, tick

NOW = datetime(2026, 11, 27, 15, 20, 30, tzinfo=UTC)


@pytest.fixture
def noon(db: None) -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def hold(project: Project, ago: timedelta, **fields: Any) -> Hold:
    at = clock.now() - ago
    return Hold.objects.create(
        **{
            "id": id_at(at),
            "wallet": Wallet.objects.get(organization=project.organization),
            "project": project,
            "price_tick": tick(),
            "funding": "free",
            "amount_nanousd": usd("0.25"),
            "created_at": at,
            "expires_at": at + timedelta(minutes=11),
        }
        | fields
    )


def concerns() -> list[str]:
    now = clock.now()
    return [concern.text for concern in attention.of(figures.read(now), now)]


def test_it_counts_what_was_asked_for_lately_and_today(noon: Any, project: Project) -> None:
    call(project, timedelta(seconds=10))
    call(project, timedelta(seconds=20), status="upstream_error", cost_nanousd=0)
    call(project, timedelta(minutes=30), cost_nanousd=usd("0.50"))
    call(project, timedelta(hours=9), cost_nanousd=usd("2.00"))
    call(project, timedelta(hours=16), cost_nanousd=usd("100"))  # yesterday
    read = figures.read(NOW)
    assert (read.requests_lately, read.failed_lately, read.error_rate) == (2, 1, 0.5)
    assert (read.requests_today, read.failed_today) == (3, 1)  # without rollups, of the last three hours
    rollups.advance(NOW)
    read = figures.read(NOW)
    assert (read.requests_today, read.failed_today, read.charged_today_nanousd) == (4, 1, usd("2.50") + 810_000)
    assert (read.per_hour[-9], sum(read.per_hour)) == (1, 3)  # yesterday's, too


def test_it_counts_open_holds_and_what_they_lost(noon: Any, project: Project) -> None:
    hold(project, timedelta(seconds=90))
    hold(project, timedelta(seconds=30))
    hold(project, timedelta(hours=1), state="captured")
    PlatformLoss.objects.create(request_id=id_at(NOW - timedelta(hours=1)), amount_nanousd=usd("0.03"))
    PlatformLoss.objects.create(request_id=id_at(NOW - timedelta(hours=20)), amount_nanousd=usd("7"))
    read = figures.read(NOW)
    assert (read.open_holds, read.held_nanousd, read.oldest_hold_s, read.overdue_holds) == (2, usd("0.50"), 90, 0)
    assert (read.losses_today, read.loss_today_nanousd) == (1, usd("0.03"))
    hold(project, timedelta(hours=1))
    assert figures.read(NOW).overdue_holds == 1
    assert "1 holds have expired" in "\n".join(concerns())


def test_an_empty_installation_has_numbers_too(noon: Any) -> None:
    read = figures.read(NOW)
    assert (read.per_second, read.error_rate, read.oldest_hold_s, read.per_hour) == (0, None, None, [0] * 24)


def test_the_page_shows_them_and_is_read_once_for_many(noon: Any, office: Client, project: Project) -> None:
    call(project, timedelta(seconds=10))
    text = office.get("/admin/").content.decode()
    assert "0.02" in text
    assert "not yet" in text
    with CaptureQueriesContext(connection) as queries:
        office.get("/admin/")
    assert len(queries) < 12


def test_its_numbers_take_the_same_queries_however_many_requests_there_are(noon: Any, project: Project) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            figures.read(NOW)
        return len(made)

    before = queries()
    for minutes in range(30):
        call(project, timedelta(minutes=minutes))
    assert queries() == before <= 7


def test_when_all_is_well_it_says_so(noon: Any, office: Client) -> None:
    LedgerCheck.objects.create(started_at=NOW, duration_ms=5, findings=0)
    assert concerns() == []
    text = office.get("/admin/").content.decode()
    assert "the ledger adds up" in text
    assert "adds up" in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"findings": 3, "text": "P1 …"}, "found 3 findings: the money does not add up"),
        ({"findings": 0, "is_complete": False}, "could not be made"),
        ({"findings": 0, "started_at": NOW - timedelta(hours=25)}, "was checked last on 26 Nov 14:20 UTC"),
    ],
)
def test_it_tells_of_a_ledger_that_does_not_add_up_or_is_not_checked(noon: Any, fields: dict[str, Any], said: str) -> None:
    LedgerCheck.objects.create(**{"started_at": NOW, "duration_ms": 5} | fields)
    assert said in "\n".join(concerns())


def test_it_tells_of_feeds_that_fail_and_of_prices_that_are_old(noon: Any) -> None:
    site = {"market": "PJM", "node": "DOM", "time_zone": "UTC", "latitude": 0, "longitude": 0}
    nva, dfw = (DataCenter.objects.create(slug=slug, name=slug.upper(), **site) for slug in ("nva", "dfw"))
    amounts = {f"{name}_microusd_per_mwh": 1 for name in ("wholesale", "delivered", "smoothed", "reference")}
    DeliveredPrice.objects.create(data_center=nva, interval_start=NOW - timedelta(minutes=5), source="pjm", **amounts)
    DeliveredPrice.objects.create(data_center=dfw, interval_start=NOW - timedelta(minutes=50), source="ercot", **amounts)
    job = {"last_run_at": NOW, "duration_ms": 1, "outcome": "timeout"}
    PriceJob.objects.create(name="pjm", label="PJM live", failures_in_a_row=4, message="no answer", **job)
    told = concerns()
    assert "PJM live has failed 4 times in a row: timeout. no answer" in told
    assert "1 data center has no fresh electricity price: DFW." in told


def test_it_tells_of_jobs_that_fail_and_of_jobs_that_do_not_come(noon: Any) -> None:
    def ran(name: str, ago: timedelta, **fields: Any) -> None:
        JobRun.objects.create(**{"name": BEAT[name]["task"], "started_at": NOW - ago, "duration_ms": 9, "has_failed": False} | fields)

    ran("sweep-holds", timedelta(seconds=19))
    ran("add-up-usage", timedelta(minutes=4), has_failed=True, failures_in_a_row=2, message="DatabaseError: away")
    ran("tend-top-ups", timedelta(minutes=6))
    ran("prune-prices", timedelta(hours=10))  # at 04:47 every day
    told = concerns()
    assert told == ["The job add-up-usage has failed 2 times in a row: DatabaseError: away", "1 job is late: tend-top-ups."]
    JobRun.objects.update(has_failed=False, started_at=NOW - timedelta(days=3))
    for name in BEAT.keys() - {"sweep-holds", "add-up-usage", "tend-top-ups", "prune-prices"}:
        ran(name, timedelta(days=3))
    assert concerns() == [f"{len(BEAT)} of {len(BEAT)} jobs are late: do beat and a worker run?"]


def test_it_tells_of_endpoints_out_of_service_and_of_frozen_wallets(noon: Any, endpoint: Endpoint, project: Project) -> None:
    DataCenter.objects.update(active=False)
    Endpoint.objects.update(withheld="drained")
    Wallet.objects.update(frozen_at=NOW)
    assert concerns() == ["1 wallet is frozen: the sums differ.", "1 endpoint is drained or ejected."]
    assert ids.instant_of(id_at(NOW)) == NOW.replace(microsecond=0)
