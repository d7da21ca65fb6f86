"""Alerts at 80 % and 100 % of a cap, of a project or a key: found from the budget rows, in the background, and written once.

What is spent decides. What running calls hold comes back in part, and would raise alarms that take themselves back. A call is
refused when what it may cost no longer fits, so spending stops a little below its cap: 100 % is reached when less than 1 % is left.
"""

import logging
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, QuerySet, When
from django.db.models.functions import Coalesce, Length

from accounts.models import Organization, User
from billing import telling
from billing.alert_models import BudgetAlert
from billing.budgets import Subject, organization_of
from billing.models import BudgetPeriod
from projects.models import Project

log = logging.getLogger("clod.budgets")

USED_UP = 100
REACHED_AT = {USED_UP: 99, 80: 80}  # what is told, and at how much of the cap; the higher first: one mail for a leap over both
MONTH_KEY_LENGTH = 7
MOST_SHOWN = 100
Told = Collection[tuple[int, int]]  # percents and the caps they were of


def find(now: datetime) -> int:
    """Write an alert for every threshold that has been reached, and say how many are new."""
    found = [period.pk for period in _much_spent(now).iterator(500) if _due(period) and _ends(period, now)]
    return sum(_note(period_id, now) for period_id in found)


def to_show(organization: Organization, user: User, now: datetime) -> list[BudgetAlert]:
    """The newest alert of each running period, unless this user has put it away or nobody needs to know any more. One query."""
    running = with_subjects().filter(organization=organization, resets_at__gt=now).order_by("-id")
    put_away = BudgetAlert.dismissed_by.through.objects.filter(budgetalert_id=OuterRef("pk"), user_id=user.pk)
    found = running.annotate(is_put_away=Exists(put_away))
    newest: dict[int, Any] = {}
    for alert in found[:MOST_SHOWN]:
        newest.setdefault(alert.period_id, alert)
    return [alert for alert in newest.values() if not alert.is_put_away and is_true_still(alert)]


def with_subjects() -> QuerySet[BudgetAlert]:
    """Alerts, with all that is asked of them: project or key, and the organization they are of."""
    return BudgetAlert.objects.select_related("organization", "period__project__organization", "period__api_key__project__organization")


def is_true_still(alert: BudgetAlert) -> bool:
    """The cap has not been raised since, and what it is a cap of is in use."""
    cap = _cap_to_tell_of(alert.period)
    return cap is not None and cap <= alert.cap_nanousd


def due(spent: int, cap: int, told: Told) -> int | None:
    """The threshold to tell of, if any. A cap of nothing is a switch somebody has turned, and needs no alert.

    A raised cap is told of anew where its threshold lies above the cap of the last alert: then it was not reached before.
    """
    reached = next((percent for percent, at in REACHED_AT.items() if spent * 100 >= cap * at), None)
    if reached is None:
        return None
    highest = max((of_cap for percent, of_cap in told if percent >= reached), default=0)
    return reached if cap * reached // 100 > highest else None


def subject_of(period: BudgetPeriod) -> Subject:
    subject = period.project or period.api_key
    assert subject is not None
    return subject


def project_of(period: BudgetPeriod) -> Project:
    subject = subject_of(period)
    return subject if isinstance(subject, Project) else subject.project


def is_month(period: BudgetPeriod) -> bool:
    return len(period.period_key) == MONTH_KEY_LENGTH


def _much_spent(now: datetime) -> QuerySet[BudgetPeriod]:
    """Periods that may be running somewhere, of projects and keys in use that want alerts."""
    keys = set(_running_keys(now))
    monthly = Coalesce("project__monthly_cap_nanousd", "api_key__monthly_cap_nanousd")
    daily = Coalesce("project__daily_cap_nanousd", "api_key__daily_cap_nanousd")
    rows = _with_owners().filter(period_key__in=keys, spent_nanousd__gt=0).prefetch_related("alerts")
    rows = rows.annotate(length=Length("period_key")).annotate(cap=Case(When(length=MONTH_KEY_LENGTH, then=monthly), default=daily))
    return rows.filter(spent_nanousd__gte=F("cap") / 100 * min(REACHED_AT.values())).order_by("pk")


def _running_keys(now: datetime) -> Iterator[str]:
    """Of all calendars there are: a day may begin half a day early, and a change of zone makes one last for more than two."""
    for days in range(-3, 2):
        day = (now + timedelta(days=days)).date().isoformat()
        yield from (day, day[:MONTH_KEY_LENGTH])


def _with_owners() -> QuerySet[BudgetPeriod]:
    return BudgetPeriod.objects.select_related("project__organization", "api_key__project__organization")


def _ends(period: BudgetPeriod, now: datetime) -> datetime | None:
    """When the period ends; None when it is not the running one of its organization."""
    calendar = organization_of(subject_of(period)).calendar
    if is_month(period):
        return calendar.month_ends(now) if period.period_key == calendar.month_key(now) else None
    return calendar.day_ends(now) if period.period_key == calendar.day_key(now) else None


def _due(period: BudgetPeriod) -> int | None:
    cap = _cap_to_tell_of(period)
    return None if cap is None else due(period.spent_nanousd, cap, [(alert.percent, alert.cap_nanousd) for alert in period.alerts.all()])


def _cap_to_tell_of(period: BudgetPeriod) -> int | None:
    """The cap in force now. None, too, of what is switched off, archived, revoked or suspended: it spends nothing more."""
    project, api_key, subject = project_of(period), period.api_key, subject_of(period)
    closed = project.archived_at or project.organization.suspended_at or (api_key and (api_key.revoked_at or api_key.disabled_at))
    if closed or not project.sends_alerts:
        return None
    return subject.monthly_cap_nanousd if is_month(period) else subject.daily_cap_nanousd


@transaction.atomic
def _note(period_id: int, now: datetime) -> bool:
    """Decide again under the period's lock, so that two workers and a changing cap end with one alert."""
    period = _with_owners().select_for_update(of=("self",), no_key=True).get(pk=period_id)
    percent, cap, ends = _due(period), _cap_to_tell_of(period), _ends(period, now)
    if percent is None or cap is None or ends is None:
        return False
    alert = BudgetAlert.objects.create(
        organization=organization_of(subject_of(period)),
        period=period,
        percent=percent,
        cap_nanousd=cap,
        spent_nanousd=period.spent_nanousd,
        resets_at=ends,
    )
    telling.of_budget(alert)
    log.info("%s %s has spent %d %% of its cap", type(subject_of(period)).__name__, period.subject, percent)
    return True
