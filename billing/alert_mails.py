"""Mails about alerts. The alert is written first: whoever finds it again finds it told.

A mail is claimed before it goes out, and only its claimer sends it. One that the mail server refuses is put back, and tried again until
its period ends. One whose sender died in between may have gone out: it stays claimed, because a second mail is worse than none
beside a notice on every page.
"""

import logging
from datetime import datetime
from smtplib import SMTPException
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F, QuerySet

from billing import mails
from billing.alert_models import BudgetAlert, MailState
from billing.alerts import USED_UP, is_month, is_true_still, project_of, with_subjects
from clod_site.lib import ids

AT_ONCE, MOST_FAILURES = 50, 3

log = logging.getLogger("clod.budgets")


def send_all(now: datetime) -> None:
    """The mails that wait, those tried least often first. A mail server that is away is not asked for each of them."""
    _waiting().filter(resets_at__lte=now).update(mail=MailState.TOO_LATE)
    failures = 0
    for alert in _waiting().order_by("tries", "id")[:AT_ONCE]:
        failures += not _send(alert)
        if failures == MOST_FAILURES:
            break


def _waiting() -> QuerySet[BudgetAlert]:
    return with_subjects().filter(mail=MailState.WAITING)


def _send(alert: BudgetAlert) -> bool:
    """False when the mail server did not take it. Nobody is mailed of a cap that was raised, or is of no use, meanwhile."""
    row = BudgetAlert.objects.filter(pk=alert.pk)
    if not is_true_still(alert):
        row.filter(mail=MailState.WAITING).update(mail=MailState.TOO_LATE)
        return True
    if not row.filter(mail=MailState.WAITING).update(mail=MailState.SENDING, tries=F("tries") + 1):
        return True
    try:
        mails.send(alert.organization_id, "budget_alerts", *text_of(alert))
    except (SMTPException, OSError) as error:
        log.error("the mail about %s could not be sent, and is tried again: %s", alert, error)
        row.update(mail=MailState.WAITING)
        return False
    row.update(mail=MailState.SENT)
    return True


def text_of(alert: BudgetAlert) -> tuple[str, ...]:
    """The subject, then paragraphs."""
    key, project = alert.period.api_key, project_of(alert.period)
    who = f"The key {key.name} of {project.name}" if key else f"Project {project.name}"
    spent, of_cap = alert.amounts
    cap = f"{'monthly' if is_month(alert.period) else 'daily'} cap of {of_cap}"
    zone = alert.organization.calendar.zone_at(alert.created_at)
    until = f"{alert.resets_at.astimezone(ZoneInfo(zone)):%d %B %Y, %H:%M} ({zone})"
    address = f"{settings.CLOD_BASE_URL}/projects/{ids.public('proj', project.pk)}/budgets"
    is_used_up = alert.percent == USED_UP
    return (
        f"{who} has {'used up' if alert.percent_spent >= USED_UP else f'spent {alert.share_spent} of'} its {cap}",
        f"{who} has spent {spent} ({alert.share_spent}) of its {cap} in {alert.organization.name}.",
        f"Requests that do not fit under it are refused until {until}."
        if is_used_up
        else f"At the cap, requests are refused until {until}.",
        f"Change the cap: {settings.CLOD_BASE_URL}/keys/{ids.public('key', key.pk)}" if key else "",
        f"{'Switch' if key else 'Change the cap, or switch'} these mails off: {address}",
    )
