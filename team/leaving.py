"""What a team leaves: to an owner as data, and when an organization or an account ends. The audit log stays; nobody can change it."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Organization, User
from team.models import AuditEvent, Invitation, MailChoices

AT_ONCE = 500


def on_organization_close(organization: Organization, **_: Any) -> None:
    """Nobody is still on the way in."""
    Invitation.objects.filter(organization=organization, accepted_at=None).delete()


def on_account_close(user: User, **_: Any) -> None:
    MailChoices.objects.filter(user=user).delete()
    Invitation.objects.filter(invited_by=user, accepted_at=None).delete()


def exported(organization: Organization, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    return {"invitations": _invitations(organization), "audit_log": _audit_log(organization)}


def _invitations(organization: Organization) -> Iterator[dict[str, Any]]:
    for row in Invitation.objects.filter(organization=organization).order_by("created_at"):
        instants = {"created_at": row.created_at, "expires_at": row.expires_at, "accepted_at": row.accepted_at}
        yield {"email": row.email, "role": row.role, **instants}


def _audit_log(organization: Organization) -> Iterator[dict[str, Any]]:
    """Oldest first."""
    for event in AuditEvent.objects.filter(organization=organization).order_by("id").iterator(AT_ONCE):
        who = {"actor": event.actor_email, "address": event.address, "agent": event.agent}
        target = {"target_kind": event.target_kind, "target": event.target_name, "details": event.details}
        yield {"created_at": event.created_at, "deed": event.deed, **who, **target}
