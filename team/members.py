"""Changing who is in an organization. Whatever happens at the same time, an organization keeps an owner.

Every change locks all memberships of the organization, in one order, and decides by what it then reads: of two owners who leave
at once, one stays. What a former member had open ends by itself: pages and Studio tokens look for the membership each time.
"""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404

from accounts.access import MANAGERS
from accounts.models import Membership, Role
from team.models import Invitation
from team.roles import GIVEN

Members = dict[UUID, Membership]


class Refused(Exception):
    """The message says what stands in the way, and what to do."""


@transaction.atomic
def change_role(actor: Membership, member_id: UUID, role: str) -> tuple[Membership, str]:
    """The member, and the role they had. Raises Refused; 404 for somebody who is no member (any more)."""
    member = _other(_locked(actor), actor, member_id, "change the role of")
    if role not in GIVEN:
        raise Refused("Owners are made by passing the organization on, under Team.")
    before, member.role = member.role, role
    member.save(update_fields=["role"])
    if role not in MANAGERS:
        _withdraw_invitations_of(member)
    return member, before


@transaction.atomic
def remove(actor: Membership, member_id: UUID) -> Membership:
    member = _other(_locked(actor), actor, member_id, "remove")
    member.delete()
    return member


@transaction.atomic
def leave(actor: Membership) -> Membership:
    members = _locked(actor)
    member = _self(members, actor)
    if member.role == Role.OWNER and len(_owners(members)) == 1:
        raise Refused(f"You are the only owner of {actor.organization.name}. Pass it on first: an organization needs an owner.")
    member.delete()
    return member


@transaction.atomic
def transfer(actor: Membership, member_id: UUID) -> Membership:
    """The other one is an owner afterwards, and who passed it on an admin."""
    members = _locked(actor)
    me, heir = _self(members, actor), members.get(member_id)
    if me.role != Role.OWNER:
        raise Refused("Only an owner can pass the organization on.")
    if heir is None or heir.pk == me.pk:
        raise Http404
    if not heir.user.is_active:
        raise Refused(f"The account of {heir.user.email} is switched off. Choose somebody who can log in.")
    heir.role, me.role = Role.OWNER, Role.ADMIN
    heir.save(update_fields=["role"])
    me.save(update_fields=["role"])
    return heir


def is_only_owner(member: Membership) -> bool:
    """Whether the organization would be nobody's without them; for a page to say so before anybody tries."""
    owners = Membership.objects.filter(organization_id=member.organization_id, role=Role.OWNER)
    return member.role == Role.OWNER and owners.count() == 1


def _locked(actor: Membership) -> Members:
    rows = Membership.objects.select_for_update(of=("self",)).select_related("user").filter(organization_id=actor.organization_id)
    return {row.pk: row for row in rows.order_by("pk")}


def _self(members: Members, actor: Membership) -> Membership:
    """The actor as they are now: the page may have been opened with a role they have lost."""
    if actor.pk not in members:
        raise Http404
    return members[actor.pk]


def _other(members: Members, actor: Membership, member_id: UUID, deed: str) -> Membership:
    me, member = _self(members, actor), members.get(member_id)
    if me.role not in MANAGERS:
        raise Refused(f"A {me.role} cannot {deed} members. Ask an owner or admin.")
    if member is None:
        raise Http404
    if member.pk == me.pk:
        raise Refused("This is you. Leave the organization, or ask another owner or admin to change your role.")
    if member.role == Role.OWNER and me.role != Role.OWNER:
        raise Refused(f"{member.user.email} is an owner, and only an owner can {deed} an owner.")
    return member


def _owners(members: Members) -> list[Membership]:
    return [member for member in members.values() if member.role == Role.OWNER]


def _withdraw_invitations_of(member: Membership) -> None:
    """Who may no longer invite has nobody on the way in."""
    Invitation.objects.filter(organization_id=member.organization_id, invited_by=member.user_id, accepted_at=None).delete()


def on_end_of_membership(instance: Membership, **_: Any) -> None:
    """However it ended: here, in the admin, or with the account."""
    _withdraw_invitations_of(instance)
