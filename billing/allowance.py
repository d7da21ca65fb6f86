"""Free requests: how many an organization has left today, and when the next ones come."""

from datetime import datetime

import msgspec
from django.conf import settings

from accounts import free_quota
from accounts.models import Organization
from billing.models import FreeQuotaDay


class Allowance(msgspec.Struct, frozen=True):
    """Requests of the organization's local day; ``resets_at`` is the instant (UTC) the next ones come.

    A limit of 0: they begin only then. No ``resets_at`` either: nobody brings theirs to this organization.
    """

    limit: int
    used: int
    resets_at: datetime | None

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def of(organization: Organization, now: datetime) -> Allowance:
    """One query where the organization's free quota is loaded. A day nobody has called in yet has no row, and everything left."""
    calendar = organization.calendar
    quota = free_quota.of(organization)
    limit, resets_at = of_day(quota.since if quota else None, calendar.day_ends(now), now)
    used = FreeQuotaDay.objects.filter(organization=organization, day_key=calendar.day_key(now)).values_list("used", flat=True).first()
    return Allowance(limit, used or 0, resets_at)


def of_day(since: datetime | None, day_ends: datetime, now: datetime) -> tuple[int, datetime | None]:
    """How many free requests the running day has, and when the next ones come; somebody brings them ``since`` then."""
    if since is None:
        return 0, None
    return (settings.CLOD_FREE_REQUESTS_PER_DAY, day_ends) if since <= now else (0, since)
