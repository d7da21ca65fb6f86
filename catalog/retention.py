"""Market intervals are kept for 90 days; what remains of older ones is their hour, for ever. So it is with where requests went."""

from collections import Counter
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from catalog.models import EnergyHour, EnergyPrice, RoutedSite

RAW = timedelta(days=90)
DAY = timedelta(days=1)
DAYS_A_RUN = 60
Key = tuple[str, str, datetime]


def prune(now: datetime) -> int:
    """Whole UTC days that are more than 90 days old, a transaction each; the number of intervals forgotten. Safe to run twice."""
    end = _midnight(now - RAW)
    forgotten = 0
    for _ in range(DAYS_A_RUN):
        oldest = EnergyPrice.objects.filter(interval_start__lt=end).aggregate(first=Min("interval_start"))["first"]
        if oldest is None:
            break
        forgotten += _forget(_midnight(oldest))
    RoutedSite.objects.filter(interval_start__lt=end).exclude(interval_start__minute=0).delete()
    return forgotten


@transaction.atomic
def _forget(day: datetime) -> int:
    rows = EnergyPrice.objects.filter(interval_start__gte=day, interval_start__lt=day + DAY)
    hours: dict[Key, list[EnergyPrice]] = {}
    for row in rows:
        hours.setdefault((row.market, row.node, row.interval_start.replace(minute=0, second=0, microsecond=0)), []).append(row)
    EnergyHour.objects.bulk_create((_hour(key, intervals) for key, intervals in hours.items()), ignore_conflicts=True)
    count, _ = rows.delete()
    return count


def _hour(key: Key, intervals: list[EnergyPrice]) -> EnergyHour:
    market, node, start = key
    found = [row.microusd_per_mwh for row in intervals]
    return EnergyHour(
        market=market,
        node=node,
        hour_start=start,
        mean_microusd_per_mwh=round(sum(found) / len(found)),
        lowest_microusd_per_mwh=min(found),
        highest_microusd_per_mwh=max(found),
        intervals=len(found),
        source=Counter(row.source for row in intervals).most_common(1)[0][0],
    )


def _midnight(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)
