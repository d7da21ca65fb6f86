"""An organization's days and months: its time zone, and the one that is to follow it.

A change takes effect at the later of both zones' next midnights. Whoever asks need not know whether that has passed: the zone in force
is a function of the instant. Days only go forward. The old zone's last day lasts until the change, however long that is, and the new
zone begins with a later date: no day comes twice, and none begins because somebody asked.
"""

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clod_site.lib import clock

A_DAY = timedelta(days=1)


class Calendar(NamedTuple):
    """``zone`` until ``changes_at``, ``next_zone`` from then on; without a next zone, ``zone`` always."""

    zone: str
    next_zone: str = ""
    changes_at: datetime | None = None

    def zone_at(self, instant: datetime) -> str:
        return self.next_zone if self.changes_at and self.changes_at <= instant else self.zone

    def day_key(self, instant: datetime) -> str:
        """The calendar day, ``"2026-11-22"``."""
        return self._day(instant).isoformat()

    def month_key(self, instant: datetime) -> str:
        """The calendar month, ``"2026-11"``."""
        return self.day_key(instant)[:7]

    def day_ends(self, instant: datetime) -> datetime:
        """The first instant (UTC) that has another day key."""
        return self._begins(self._day(instant) + A_DAY)

    def month_ends(self, instant: datetime) -> datetime:
        """The first instant (UTC) that has another month key."""
        first = self._day(instant).replace(day=1)
        return self._begins((first + timedelta(days=32)).replace(day=1))

    def changed_to(self, zone: str, now: datetime) -> "Calendar":
        """This calendar, with ``zone`` from the later of the midnights that end the running day here and the date it is there."""
        here, today = self.zone_at(now), self._day(now)
        latest = max(today, _date_in(zone, now))
        return Calendar(here, zone, max(clock.day_start(here, today + A_DAY), clock.day_start(zone, latest + A_DAY)))

    def _day(self, instant: datetime) -> date:
        day = _date_in(self.zone_at(instant), instant)
        return min(day, self._last_day(self.changes_at)) if self.changes_at and instant < self.changes_at else day

    def _last_day(self, changes_at: datetime) -> date:
        """Of the old zone: the new one begins with the day after it."""
        return _date_in(self.next_zone, changes_at) - A_DAY

    def _begins(self, day: date) -> datetime:
        """The first instant of a day that is still to come, or of the one after where the change skips it."""
        if not self.changes_at:
            return clock.day_start(self.zone, day)
        if day <= self._last_day(self.changes_at):
            return min(self.changes_at, clock.day_start(self.zone, day))
        return max(self.changes_at, clock.day_start(self.next_zone, day))


def _date_in(zone: str, instant: datetime) -> date:
    return instant.astimezone(UTC).astimezone(ZoneInfo(zone)).date()
