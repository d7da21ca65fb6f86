"""Mail to the people who look after an organization's money: its owners and admins."""

from collections.abc import Iterable
from uuid import UUID

from django.core.mail import send_mail

from accounts.access import MANAGERS
from accounts.models import Membership


def send(organization_id: UUID, subject: str, *paragraphs: str) -> None:
    """One mail to all of them. Raises SMTPException or OSError when the mail server does not take it."""
    send_mail(" ".join(subject.split()), "\n\n".join(filter(None, paragraphs)), None, list(_recipients(organization_id)))


def _recipients(organization_id: UUID) -> Iterable[str]:
    managers = Membership.objects.filter(organization_id=organization_id, role__in=MANAGERS, user__is_active=True)
    return managers.values_list("user__email", flat=True)
