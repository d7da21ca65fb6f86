"""What somebody should look at now, each in a sentence with where to look."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.urls import reverse

from billing import checking
from billing.models import LedgerCheck, Wallet
from catalog import grid
from catalog.energy import delivered
from catalog.energy.delivered import FRESH, SLOT
from catalog.models import Endpoint, PriceJob
from office import jobs
from office.figures import Figures
from office.jobs import FAILING, LATE

CHECK_OVERDUE = timedelta(days=1)
ROLLUPS_BEHIND = timedelta(hours=3)
NAMED = 3


class Concern(NamedTuple):
    """``is_grave``: money or service is at stake."""

    text: str
    address: str
    is_grave: bool = False


def of(figures: Figures, now: datetime) -> list[Concern]:
    """The grave ones first; empty when all is well."""
    found = [*_money(figures, now), *_feeds(now), *_jobs(now), *_service()]
    return sorted(found, key=lambda concern: not concern.is_grave)


def _money(figures: Figures, now: datetime) -> Iterator[Concern]:
    check = checking.newest()
    address = reverse("admin:billing_ledgercheck_changelist")
    if check and (check.findings or not check.is_complete):
        yield Concern(f"The ledger check of {check.started_at:%d %b %H:%M} UTC {_said(check)}.", address, is_grave=True)
    if check and now - check.started_at > CHECK_OVERDUE:
        yield Concern(f"The ledger was checked last on {check.started_at:%d %b %H:%M} UTC.", address)
    if figures.overdue_holds:
        holds = f"{reverse('admin:billing_hold_changelist')}?state__exact=open"
        yield Concern(f"{figures.overdue_holds:,} holds have expired and are not settled: the sweeper does not run, or fails.", holds, True)
    if frozen := Wallet.objects.filter(frozen_at__isnull=False).count():
        yield Concern(
            f"{frozen:,} wallet{'s are' if frozen > 1 else ' is'} frozen: the sums differ.",
            reverse("admin:billing_wallet_changelist"),
            True,
        )
    if figures.losses_today:
        yield Concern(
            f"{figures.losses_today:,} calls cost more than they had held today.", reverse("admin:billing_platformloss_changelist")
        )


def _said(check: LedgerCheck) -> str:
    return "could not be made" if not check.is_complete else f"found {check.outcome}: the money does not add up"


def _feeds(now: datetime) -> Iterator[Concern]:
    address = reverse("admin:catalog_pricejob_changelist")
    for job in PriceJob.objects.filter(failures_in_a_row__gt=0).order_by("-failures_in_a_row")[:NAMED]:
        yield Concern(f"{job.label} has failed {job.failures_in_a_row:,} times in a row: {job.outcome}. {job.message}"[:300], address)
    stale = [site.data_center.name for site in grid.sites_now(now) if _is_stale(site, now)]
    if stale:
        prices = reverse("admin:catalog_deliveredprice_changelist")
        yield Concern(
            f"{len(stale)} data center{'s have' if len(stale) > 1 else ' has'} no fresh electricity price: {_few(stale)}.", prices
        )


def _is_stale(site: grid.Site, now: datetime) -> bool:
    price = site.price
    if price is None or price.freshness != FRESH:
        return True
    return delivered.freshness(now - price.interval_start - SLOT, SLOT) != FRESH


def _jobs(now: datetime) -> Iterator[Concern]:
    address = reverse("admin:office_jobrun_changelist")
    found = list(jobs.health(now))
    for job in found:
        if job.state == FAILING and job.run:
            times = f"{job.run.failures_in_a_row:,} time{'s' if job.run.failures_in_a_row > 1 else ''} in a row"
            yield Concern(f"The job {job.name} has failed {times}: {job.run.message}", address)
    late = [job.name for job in found if job.state == LATE]
    if len(late) > len(found) / 2:
        yield Concern(f"{len(late)} of {len(found)} jobs are late: do beat and a worker run?", address, is_grave=True)
    elif late:
        yield Concern(f"{len(late)} job{'s are' if len(late) > 1 else ' is'} late: {_few(late)}.", address)


def _service() -> Iterator[Concern]:
    if withheld := Endpoint.objects.exclude(withheld="").count():
        address = reverse("admin:catalog_endpoint_changelist")
        yield Concern(f"{withheld:,} endpoint{'s are' if withheld > 1 else ' is'} drained or ejected.", address)


def _few(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
