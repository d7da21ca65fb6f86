"""The end of an account, and of the organizations nobody is left in. The books stay: no entry, request or organization is deleted.

The user's row stays, too, because rows of the books name it; nothing in it says any more whose it was.
"""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.db.models import Count
from django.dispatch import Signal

from accounts import devices, free_quota
from accounts.models import Membership, Organization, Role, User
from clod_site.lib import ahead, clock

account_closes = Signal()  # sender=User, user=…
organization_closes = Signal()  # sender=Organization, organization=…, actor=…
NAME_AFTERWARDS = "Deleted organization"


class MustTransfer(Exception):
    """An organization with other members would have no owner; the message names those, and what to do."""

    def __init__(self, organizations: list[Organization]) -> None:
        names = ", ".join(organization.name for organization in organizations)
        super().__init__(f"You are the only owner of {names}, and others work there. Pass it on first, under Team.")


@dataclass(frozen=True)
class Consequences:
    """What becomes of each organization of somebody who deletes their account."""

    close: list[Organization]  # nobody else is in it
    go_on: list[Organization]
    in_the_way: list[Organization]  # others are in it, and none of them owns it


def consequences(user: User) -> Consequences:
    found = Consequences([], [], [])
    for organization, role, members, owners in _standing(user):
        if members == 1:
            found.close.append(organization)
        elif role == Role.OWNER and owners == 1:
            found.in_the_way.append(organization)
        else:
            found.go_on.append(organization)
    return found


def owned(user: User) -> list[Organization]:
    return list(Organization.objects.filter(memberships__user=user, memberships__role=Role.OWNER).order_by("created_at"))


@transaction.atomic
def delete_account(user: User) -> None:
    """All at once, or nothing. Raises MustTransfer."""
    _lock(user)
    what_follows = consequences(user)
    if what_follows.in_the_way:
        raise MustTransfer(what_follows.in_the_way)
    for organization in what_follows.close:
        _close(organization, user)
    account_closes.send(sender=User, user=user)
    devices.end_all(user)
    for membership in Membership.objects.filter(user=user):
        membership.delete()
    free_quota.remember(user, clock.now())
    _forget(user)


def _standing(user: User) -> list[tuple[Organization, str, int, int]]:
    """Each organization with the user's role, and how many members and owners it has."""
    memberships = Membership.objects.select_related("organization").filter(user=user).order_by("created_at")
    everybody = Membership.objects.filter(organization__in=[row.organization_id for row in memberships])
    members = dict(everybody.values_list("organization").annotate(Count("pk")))
    owners = dict(everybody.filter(role=Role.OWNER).values_list("organization").annotate(Count("pk")))
    return [(row.organization, row.role, members[row.organization_id], owners.get(row.organization_id, 0)) for row in memberships]


def _lock(user: User) -> None:
    """All memberships of their organizations, in one order: of two owners who delete their accounts at once, one is told to stay."""
    organizations = Membership.objects.filter(user=user).values("organization")
    list(Membership.objects.select_for_update(of=("self",)).filter(organization__in=organizations).order_by("pk"))


def _close(organization: Organization, actor: User) -> None:
    """Its keys start no more calls; what it is called told of its owner, and goes."""
    organization_closes.send(sender=Organization, organization=organization, actor=actor)
    Organization.objects.filter(pk=organization.pk).update(
        name=NAME_AFTERWARDS, suspended_at=clock.now(), suspended_reason="Its owner deleted their account."
    )
    ahead.run_out(organization_id=organization.pk)


def _forget(user: User) -> None:
    for rows in (EmailAddress, Authenticator, SocialAccount):
        rows.objects.filter(user=user).delete()
    user.email, user.name, user.last_login = f"deleted-{user.pk}@deleted.invalid", "", None
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    user.groups.clear()
    user.user_permissions.clear()
    user.save()
