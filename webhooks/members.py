"""Members who come and go, told from wherever their row is written: an invitation, the Team page, the admin, a deleted account."""

from typing import Any

from accounts.models import Membership
from clod_site.lib import ids
from webhooks import events
from webhooks.event_types import MEMBER_JOINED, MEMBER_LEFT


def on_membership(instance: Membership, created: bool, **_: Any) -> None:
    if created:
        events.emit(instance.organization_id, MEMBER_JOINED, _told(instance))


def on_end_of_membership(instance: Membership, **_: Any) -> None:
    events.emit(instance.organization_id, MEMBER_LEFT, _told(instance))


def _told(membership: Membership) -> dict[str, Any]:
    return {"member": {"id": ids.public("mem", membership.pk), "email": membership.user.email, "role": membership.role}}
