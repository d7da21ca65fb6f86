"""Free requests come with people: each verified user brings theirs to one organization, and an organization has those of one.

They can be taken to another organization at any time. The one they leave has none from then on; the new one has them from its first
midnight after the old one's running day has ended. So no two organizations use one person's free requests of the same day.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from accounts.models import FormerAddress, FreeQuota, Membership, Organization, Role, User
from clod_site.lib import clock, crypto

# A call that is being admitted right now may have read its organization before it lost them. No admission takes this long.
MARGIN = timedelta(minutes=1)
AN_INSTANT = timedelta(microseconds=1)


class Unavailable(Exception):
    """The message says why these free requests cannot come here, and what to do."""


def is_verified(user: User) -> bool:
    """Where nobody has to verify an address (embedded mode has no mail), everybody counts."""
    return settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory" or EmailAddress.objects.filter(user=user, verified=True).exists()


def of(organization: Organization) -> FreeQuota | None:
    """The free requests somebody brings to this organization; it may have them only later (``since``)."""
    return getattr(organization, "free_quota", None)


def begins(quota: FreeQuota, organization: Organization, now: datetime) -> datetime:
    """When this organization would have them, were they taken there now."""
    free_from = _free_from(quota, now)
    return now if free_from is None or free_from <= now else organization.calendar.day_ends(free_from - AN_INSTANT)


def start(user: User, now: datetime) -> None:
    """Somebody verified who never brought theirs anywhere brings them to the first organization they own, if it has none."""
    first = Membership.objects.filter(user=user, role=Role.OWNER).order_by("created_at").first()
    if first and not FreeQuota.objects.filter(user=user).exists():
        with suppress(Unavailable), transaction.atomic():
            _check(user, first.organization)
            FreeQuota.objects.create(user=user, free_from=_used_until(user, now))
            bring(user, first.organization_id, now)


@transaction.atomic
def bring(user: User, organization_id: UUID, now: datetime) -> datetime:
    """Take the user's free requests to this organization; the instant it has them. Raises Unavailable."""
    FreeQuota.objects.get_or_create(user=user)
    quota = FreeQuota.objects.select_for_update().get(user=user)  # alone: what is joined to a row that was waited for is older than it
    organization = Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
    if quota.organization_id == organization.pk and quota.since:
        return quota.since
    _check(user, organization)
    since = begins(quota, organization, now)
    quota.free_from, quota.organization, quota.since = _free_from(quota, now), organization, since
    quota.save()
    return since


@transaction.atomic
def leave(user_id: UUID, organization_id: UUID, now: datetime) -> None:
    """The user is no longer a member: their free requests go with them."""
    quota = FreeQuota.objects.select_for_update().filter(user=user_id, organization=organization_id).first()
    if quota:
        quota.free_from, quota.organization, quota.since = _free_from(quota, now), None, None
        quota.save()


def remember(user: User, now: datetime) -> None:
    """The account ends. Who signs up again with one of its addresses has no second free requests of the same day."""
    FormerAddress.objects.filter(free_from__lte=now).delete()
    quota = FreeQuota.objects.filter(user=user).first()
    if quota and quota.free_from and quota.free_from > now:
        for digest in _digests(user):
            FormerAddress.objects.update_or_create(digest=digest, defaults={"free_from": quota.free_from})


def _used_until(user: User, now: datetime) -> datetime | None:
    """The end of the day whose free requests a deleted account with one of these addresses may have used."""
    found = FormerAddress.objects.filter(digest__in=_digests(user), free_from__gt=now).order_by("-free_from").first()
    return found.free_from if found else None


def _digests(user: User) -> list[bytes]:
    """Of the user's verified addresses, under each pepper in use."""
    addresses = {user.email.lower(), *(row.email.lower() for row in EmailAddress.objects.filter(user=user, verified=True))}
    return [crypto.peppered_digest(address, pepper) for address in sorted(addresses) for pepper in settings.CLOD_KEY_PEPPERS]


def _check(user: User, organization: Organization) -> None:
    if not Membership.objects.filter(user=user, organization=organization).exists():
        raise Unavailable(f"You are not a member of {organization.name}. Ask an owner or admin to add you.")
    if not is_verified(user):
        raise Unavailable("Verify your e-mail address first, under E-mail addresses: free requests come with a verified address.")
    if of(organization):
        raise Unavailable(f"{organization.name} already has the free requests of another member. An organization has those of one.")


def _free_from(quota: FreeQuota, now: datetime) -> datetime | None:
    """The end of the last day whose free requests may have been used where they were before; None when they were nowhere."""
    soon = now + MARGIN
    if quota.organization is None or quota.since is None or quota.since > soon:
        return quota.free_from
    return quota.organization.calendar.day_ends(soon)


def on_new_organization(owner: User, **_: Any) -> None:
    start(owner, clock.now())


def on_address(instance: EmailAddress, **_: Any) -> None:
    start(instance.user, clock.now())


def on_end_of_membership(instance: Membership, **_: Any) -> None:
    leave(instance.user_id, instance.organization_id, clock.now())


def on_change_of_membership(instance: Membership, **_: Any) -> None:
    """An operator puts another person, or another organization, into a membership: for who was in it, it has ended."""
    before = Membership.objects.filter(pk=instance.pk).exclude(user=instance.user_id, organization=instance.organization_id).first()
    if before:
        on_end_of_membership(before)
