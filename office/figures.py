"""The numbers of the admin's front page. Each is read from an index, a rollup or a small table: none grows with the log of requests."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum

from activity import rollups, sums
from activity.models import Request, UsageHour
from billing.models import Hold, HoldState, PlatformLoss
from clod_site.lib import ids

MINUTE, DAY = timedelta(minutes=1), timedelta(hours=24)
UNROLLED = timedelta(hours=3)  # at most this much is read from the requests themselves, however far behind the rollups are


@dataclass(frozen=True)
class Figures:
    """``today`` is the UTC day. Amounts are nano-USD; ``per_hour`` are requests of the last 24 whole hours."""

    at: datetime
    requests_lately: int
    failed_lately: int
    requests_today: int
    failed_today: int
    charged_today_nanousd: int
    loss_today_nanousd: int
    losses_today: int
    open_holds: int
    held_nanousd: int
    oldest_hold_at: datetime | None
    overdue_holds: int
    per_hour: list[int]
    rolled_up_to: datetime

    @property
    def per_second(self) -> float:
        return self.requests_lately / MINUTE.total_seconds()

    @property
    def error_rate(self) -> float | None:
        return self.failed_lately / self.requests_lately if self.requests_lately else None

    @property
    def error_rate_today(self) -> float | None:
        return self.failed_today / self.requests_today if self.requests_today else None

    @property
    def oldest_hold_s(self) -> int | None:
        return round((self.at - self.oldest_hold_at).total_seconds()) if self.oldest_hold_at else None


def read(now: datetime) -> Figures:
    """Seven queries."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    mark = rollups.mark()
    lately = _requests(now - MINUTE, now)
    today = _today(midnight, max(midnight, mark, now - UNROLLED), now)
    losses = PlatformLoss.objects.filter(request_id__gte=ids.first_at(midnight)).aggregate(count=Count("pk"), sum=Sum("amount_nanousd"))
    holds = _holds(now)
    return Figures(
        at=now,
        requests_lately=lately["all_requests"],
        failed_lately=lately["all_failed"],
        requests_today=today["all_requests"],
        failed_today=today["all_failed"],
        charged_today_nanousd=today["all_charged"],
        loss_today_nanousd=losses["sum"] or 0,
        losses_today=losses["count"],
        open_holds=holds["count"],
        held_nanousd=holds["held"] or 0,
        oldest_hold_at=holds["oldest"],
        overdue_holds=holds["overdue"],
        per_hour=_per_hour(now),
        rolled_up_to=mark,
    )


def _requests(start: datetime, end: datetime) -> dict[str, int]:
    rows: QuerySet[Request] = Request.objects.filter(id__gte=ids.first_at(start), id__lt=ids.first_at(end + MINUTE)).order_by()
    return rows.aggregate(
        all_requests=Count("pk"), all_failed=Count("pk", filter=sums.HAS_FAILED), all_charged=Sum("cost_nanousd", default=0)
    )


def _today(midnight: datetime, rolled_to: datetime, now: datetime) -> dict[str, int]:
    """Whole hours from rollups, what is newer from the requests."""
    hours: dict[str, Any] = UsageHour.objects.filter(start__gte=midnight, start__lt=rolled_to).aggregate(
        all_requests=Sum("requests", default=0),
        all_failed=Sum("requests", filter=sums.HAS_FAILED, default=0),
        all_charged=Sum("cost_nanousd", default=0),
    )
    newer = _requests(rolled_to, now)
    return {name: hours[name] + newer[name] for name in newer}


def _holds(now: datetime) -> dict[str, Any]:
    """Of the open ones alone, which have an index of their own. No call runs on what is set aside for calls to come."""
    of_calls = Q(is_lease=False)
    return Hold.objects.filter(state=HoldState.OPEN).aggregate(
        count=Count("pk", filter=of_calls),
        held=Sum("amount_nanousd"),
        oldest=Min("created_at", filter=of_calls),
        overdue=Count("pk", filter=Q(expires_at__lt=now - MINUTE)),
    )


def _per_hour(now: datetime) -> list[int]:
    last = rollups.hour_of(now)
    hours = [last - rollups.HOUR * number for number in range(24, 0, -1)]
    rows = UsageHour.objects.filter(start__gte=hours[0], start__lt=last).order_by().values_list("start").annotate(Sum("requests"))
    counted = dict(rows)
    return [counted.get(hour, 0) for hour in hours]
