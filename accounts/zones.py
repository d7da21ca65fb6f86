"""An organization asks for another time zone: in force from the later of both midnights, and no more often than once in 24 hours.

Asking changes nothing at once, so another local day's free requests and caps are not to be had by asking.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts.models import Organization
from clod_site.lib.calendars import Calendar

WAIT = timedelta(hours=24)


class TooSoon(Exception):
    """The message says what stands in the way, and until when."""


def why_not(organization: Organization, now: datetime) -> str:
    """Why the zone cannot be changed now; empty when it can."""
    at, zone = organization.time_zone_changes_at, organization.next_time_zone
    if on_its_way(organization, now):
        return f"A change to {zone} is on its way. Cancel it to choose another zone."
    if at is None or at + WAIT <= now:
        return ""
    return f"The zone changed to {zone} less than 24 hours ago. It can be changed again from {at + WAIT:%d %B %Y %H:%M} UTC."


def on_its_way(organization: Organization, now: datetime) -> Calendar | None:
    """The calendar with a change that has not taken effect yet, if there is one."""
    calendar = organization.calendar
    return calendar if calendar.changes_at and now < calendar.changes_at else None


@transaction.atomic
def change(organization_id: UUID, zone: str, now: datetime) -> datetime:
    """Ask for another zone; the instant it takes effect. Raises TooSoon."""
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    if reason := why_not(organization, now):
        raise TooSoon(reason)
    calendar = organization.calendar.changed_to(zone, now)
    assert calendar.changes_at is not None
    _write(organization_id, calendar.zone, calendar.next_zone, calendar.changes_at)
    return calendar.changes_at


@transaction.atomic
def cancel(organization_id: UUID, now: datetime) -> bool:
    """Keep the zone in force. False when there was nothing to cancel, or no longer."""
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    if on_its_way(organization, now) is None:
        return False
    _write(organization_id, organization.time_zone, "", None)
    return True


def _write(organization_id: UUID, zone: str, next_zone: str, changes_at: datetime | None) -> None:
    fields = {"time_zone": zone, "next_time_zone": next_zone, "time_zone_changes_at": changes_at}
    Organization.objects.filter(pk=organization_id).update(**fields)
