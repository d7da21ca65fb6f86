"""Budgets of projects and API keys: what this day and this month have spent and hold, the cap, and when the period ends."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from accounts.models import Organization
from billing.models import BudgetPeriod
from projects.models import ApiKey, Project

Subject = Project | ApiKey


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


def of(subject: Subject, now: datetime) -> Budget:
    """One query, plus one for the organization's zone where it is not loaded yet."""
    return of_all([subject], now)[subject.pk]


def of_all(subjects: Iterable[Subject], now: datetime) -> dict[UUID, Budget]:
    """Budgets by the project's or key's id. One query for any number of them whose organizations are loaded."""
    listed = list(subjects)
    calendars = {organization_of(subject).calendar for subject in listed}
    keys = {key for calendar in calendars for key in (calendar.day_key(now), calendar.month_key(now))}
    found = BudgetPeriod.objects.filter(subject__in=[subject.pk for subject in listed], period_key__in=keys)
    rows = {(row.subject, row.period_key): row for row in found}
    return {subject.pk: _budget(subject, rows, now) for subject in listed}


def organization_of(subject: Subject) -> Organization:
    return subject.organization if isinstance(subject, Project) else subject.project.organization


def _budget(subject: Subject, rows: Mapping[tuple[UUID, str], BudgetPeriod], now: datetime) -> Budget:
    calendar = organization_of(subject).calendar
    day, month = calendar.day_key(now), calendar.month_key(now)
    return Budget(
        day=_period(day, rows.get((subject.pk, day)), subject.daily_cap_nanousd, calendar.day_ends(now)),
        month=_period(month, rows.get((subject.pk, month)), subject.monthly_cap_nanousd, calendar.month_ends(now)),
    )


def _period(key: str, row: BudgetPeriod | None, cap: int | None, resets_at: datetime) -> Period:
    spent, held = (row.spent_nanousd, row.held_nanousd) if row else (0, 0)
    return Period(key, cap, spent, held, resets_at)
