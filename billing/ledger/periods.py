"""Rows of days and months: made a little before they are needed, deleted long after.

Correctness depends on neither. A call whose row is missing makes it; an old row is only kept so that people can look.
"""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from accounts.models import Organization
from billing.ledger import stale
from billing.models import BudgetPeriod, FreeQuotaDay, Hold, HoldState
from clod_site.lib import clock

log = logging.getLogger("clod.ledger")

FREE_DAYS_KEPT, BUDGET_DAYS_KEPT = 90, 400
AHEAD = timedelta(hours=2)  # the job runs every hour: a missed run has a second chance
LATELY = timedelta(days=7)


def prepare(now: datetime) -> int:
    """The next day's free-quota row of organizations that used theirs lately and whose day ends soon; how many rows there are to be."""
    prepared = 0
    for organizations in _active(now):
        soon = [(one.pk, one.calendar, ends) for one in organizations if (ends := one.calendar.day_ends(now)) <= now + AHEAD]
        rows = [FreeQuotaDay(organization_id=pk, day_key=calendar.day_key(ends)) for pk, calendar, ends in soon]
        FreeQuotaDay.objects.bulk_create(rows, ignore_conflicts=True)
        prepared += len(rows)
    return prepared


def prune(now: datetime) -> tuple[int, int]:
    """Delete free-quota rows and budget periods that are past their time, a batch a transaction; how many of each.

    Never one that an open hold will be settled in.
    """
    awaited = Hold.objects.filter(state=HoldState.OPEN, project__organization=OuterRef("organization"), day_key=OuterRef("day_key"))
    days = stale.delete(FreeQuotaDay.objects.filter(~Exists(awaited), day_key__lt=oldest_free_day(now)))
    periods = stale.delete(BudgetPeriod.objects.filter(held_nanousd=0, period_key__lt=oldest_budget_month(now)))
    if days or periods:
        log.info("deleted %d free-quota days and %d budget periods that are past their time", days, periods)
    return days, periods


def oldest_free_day(now: datetime) -> str:
    """``"2026-08-24"``: the first day whose free-quota rows are kept, and proved by the check."""
    return clock.day_key("UTC", now - timedelta(days=FREE_DAYS_KEPT))


def oldest_budget_month(now: datetime) -> str:
    """``"2025-10"``: the first month kept, with its days. As text it is after every period of earlier months, and before its own."""
    return clock.month_key("UTC", now - timedelta(days=BUDGET_DAYS_KEPT))


def _active(now: datetime) -> Iterator[list[Organization]]:
    """Batches of organizations, in the order in which the ledger makes their rows. A row that was only prepared counts for nothing."""
    used = FreeQuotaDay.objects.filter(organization=OuterRef("pk"), day_key__gte=clock.day_key("UTC", now - LATELY), used__gt=0)
    active = Organization.objects.filter(Exists(used), free_quota__isnull=False).order_by("pk")
    batch = list(active[: stale.AT_ONCE])
    while batch:
        yield batch
        batch = list(active.filter(pk__gt=batch[-1].pk)[: stale.AT_ONCE])
