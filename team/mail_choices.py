"""Who wants to be mailed about what."""

from typing import Literal
from uuid import UUID

from django.db.models import Q

from accounts.access import MANAGERS
from accounts.models import Membership, User
from team.models import MailChoices

Kind = Literal["budget_alerts", "low_wallet", "webhooks"]


def of(user: User) -> MailChoices:
    """What they chose, else what is chosen for them; the latter is no row yet."""
    return MailChoices.objects.filter(user=user).first() or MailChoices(user=user)


def recipients(organization_id: UUID, kind: Kind) -> list[str]:
    """Addresses of the owners and admins who want mails of this kind."""
    managers = Membership.objects.filter(organization_id=organization_id, role__in=MANAGERS, user__is_active=True)
    wanted = Q(user__mail_choices=None) | Q(**{f"user__mail_choices__{kind}": True})
    return list(managers.filter(wanted).order_by("created_at").values_list("user__email", flat=True))
