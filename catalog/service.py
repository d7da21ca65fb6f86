"""Taking endpoints out of service, and putting them back.

Every gateway process follows within a second; calls that run there go on to their end.
"""

from django.db import transaction
from django.db.models import QuerySet

from catalog import versions
from catalog.models import Endpoint, Withheld
from clod_site.lib import clock


@transaction.atomic
def withhold(endpoints: QuerySet[Endpoint], how: Withheld) -> int:
    """They get no new calls, until they are put back. How many were not withheld like this before."""
    count = endpoints.exclude(withheld=how).update(withheld=how, withheld_at=clock.now())
    versions.bump()
    return count


@transaction.atomic
def put_back(endpoints: QuerySet[Endpoint]) -> int:
    """They get calls again, whatever they failed lately: every process forgets it. How many there are."""
    count = endpoints.update(withheld=Withheld.NOT, withheld_at=None, returned_at=clock.now())
    versions.bump()
    return count
