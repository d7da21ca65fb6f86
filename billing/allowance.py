"""Free requests: how many an organization has left today, and when the next ones come."""

from datetime import datetime

import msgspec
from django.conf import settings

from accounts.models import Organization
from billing.models import FreeQuotaDay


class Allowance(msgspec.Struct, frozen=True):
    """Requests of the organization's local day; ``resets_at`` is the instant (UTC) the next day begins there."""

    limit: int
    used: int
    resets_at: datetime

    @property
    def left(self) -> int:
        return max(0, self.limit - self.used)


def of(organization: Organization, now: datetime) -> Allowance:
    """One query. A day nobody has called in yet has no row, and everything left."""
    calendar = organization.calendar
    used = FreeQuotaDay.objects.filter(organization=organization, day_key=calendar.day_key(now)).values_list("used", flat=True).first()
    return Allowance(settings.CLOD_FREE_REQUESTS_PER_DAY, used or 0, calendar.day_ends(now))
