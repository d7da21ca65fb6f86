"""What a new customer starts with. Other apps add theirs (a wallet, a default project) by listening."""

from django.db import transaction
from django.dispatch import Signal

from accounts.models import Membership, Organization, Role, User

organization_created = Signal()  # sender=Organization, organization=…, owner=…


def create_personal_organization(user: User) -> Organization:
    """An organization of which the user is the owner, with everything it needs for a first call."""
    name = (user.name or user.email.partition("@")[0])[:100]
    return create_organization(f"{name}'s organization", user)


@transaction.atomic
def create_organization(name: str, owner: User) -> Organization:
    organization = Organization.objects.create(name=name)
    Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    organization_created.send(sender=Organization, organization=organization, owner=owner)
    organization.refresh_from_db()  # others have added to it
    return organization
