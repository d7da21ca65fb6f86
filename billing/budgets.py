"""A project's budgets: what this day and this month have spent and hold, the cap, and when the period ends."""

from datetime import datetime

import msgspec

from billing.models import BudgetPeriod
from clod_site.lib import clock
from projects.models import Project


class Period(msgspec.Struct, frozen=True):
    """Amounts are nano-USD. No cap: ``cap_nanousd`` and ``left_nanousd`` are None."""

    key: str
    cap_nanousd: int | None
    spent_nanousd: int
    held_nanousd: int
    resets_at: datetime

    @property
    def left_nanousd(self) -> int | None:
        """What may still be set aside; never negative, also when a cap was lowered below what is spent."""
        if self.cap_nanousd is None:
            return None
        return max(0, self.cap_nanousd - self.spent_nanousd - self.held_nanousd)


class Budget(msgspec.Struct, frozen=True):
    day: Period
    month: Period


def of(project: Project, now: datetime) -> Budget:
    """One query, plus one for the organization's zone where it is not loaded yet."""
    zone = project.organization.time_zone
    day, month = clock.day_key(zone, now), clock.month_key(zone, now)
    rows = {row.period_key: row for row in BudgetPeriod.objects.filter(project=project, period_key__in=(day, month))}
    return Budget(
        day=_period(day, rows.get(day), project.daily_cap_nanousd, clock.next_day(zone, now)),
        month=_period(month, rows.get(month), project.monthly_cap_nanousd, clock.next_month(zone, now)),
    )


def _period(key: str, row: BudgetPeriod | None, cap: int | None, resets_at: datetime) -> Period:
    spent, held = (row.spent_nanousd, row.held_nanousd) if row else (0, 0)
    return Period(key, cap, spent, held, resets_at)
