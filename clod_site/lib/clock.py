"""The only source of time, and the calendar keys that budgets and free requests are counted under."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC)


def seconds() -> float:
    """The same as seconds since 1970, for what only counts them."""
    return time.time()


monotonic = time.monotonic  # seconds on a clock that never jumps; for durations and deadlines only


def day_key(zone: str, instant: datetime) -> str:
    """The local calendar day, ``"2026-11-22"``."""
    return instant.astimezone(ZoneInfo(zone)).date().isoformat()


def month_key(zone: str, instant: datetime) -> str:
    """The local calendar month, ``"2026-11"``."""
    return day_key(zone, instant)[:7]


def next_day(zone: str, instant: datetime) -> datetime:
    """The instant (UTC) at which the local day after ``instant``'s begins."""
    return day_start(zone, instant.astimezone(ZoneInfo(zone)).date() + timedelta(days=1))


def next_month(zone: str, instant: datetime) -> datetime:
    """The instant (UTC) at which the local month after ``instant``'s begins."""
    first = instant.astimezone(ZoneInfo(zone)).date().replace(day=1)
    return day_start(zone, (first + timedelta(days=32)).replace(day=1))


def day_start(zone: str, day: date) -> datetime:
    """The first instant (UTC) of a local day.

    Some zones skip midnight on the day their summer time begins (Santiago, Cairo): there the local
    clock jumps from 23:59 to 01:00, and the round trip through UTC lands on that first real instant.
    """
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    instant = midnight.astimezone(UTC)
    local = instant.astimezone(ZoneInfo(zone))
    if local.date() == day:
        return instant
    return _first_instant_of(day, ZoneInfo(zone), instant)


def _first_instant_of(day: date, zone: ZoneInfo, before: datetime) -> datetime:
    """Walk minute by minute out of the gap that holds midnight (never longer than a few hours)."""
    instant = before
    while instant.astimezone(zone).date() < day:
        instant += timedelta(minutes=1)
    return instant
