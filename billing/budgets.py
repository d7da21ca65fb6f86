"""A project's budgets: what this day and this month have spent and hold, the cap, and when the period ends."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

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
    return of_all([project], now)[project.pk]


def of_all(projects: Iterable[Project], now: datetime) -> dict[UUID, Budget]:
    """Budgets by project id. One query for any number of projects whose organizations are loaded."""
    listed = list(projects)
    zones = {project.organization.time_zone for project in listed}
    keys = {key(zone, now) for zone in zones for key in (clock.day_key, clock.month_key)}
    found = BudgetPeriod.objects.filter(project__in=[project.pk for project in listed], period_key__in=keys)
    rows = {(row.project_id, row.period_key): row for row in found}
    return {project.pk: _budget(project, rows, now) for project in listed}


def _budget(project: Project, rows: Mapping[tuple[UUID, str], BudgetPeriod], now: datetime) -> Budget:
    zone = project.organization.time_zone
    day, month = clock.day_key(zone, now), clock.month_key(zone, now)
    return Budget(
        day=_period(day, rows.get((project.pk, day)), project.daily_cap_nanousd, clock.next_day(zone, now)),
        month=_period(month, rows.get((project.pk, month)), project.monthly_cap_nanousd, clock.next_month(zone, now)),
    )


def _period(key: str, row: BudgetPeriod | None, cap: int | None, resets_at: datetime) -> Period:
    spent, held = (row.spent_nanousd, row.held_nanousd) if row else (0, 0)
    return Period(key, cap, spent, held, resets_at)
