"""Presets: who sees one, who changes it, and what becomes of a deleted one.

Its author sees and changes it; shared, everybody of the organization may open it, and owners and admins may take it back or delete it.
"""

from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from accounts import access
from accounts.access import MANAGERS, WRITERS
from accounts.models import Membership
from clod_site.lib import clock, ids
from clod_site.lib.refusal import Refusal
from studio import setups
from studio.models import StudioPreset
from studio.setups import Saved

MOST = 200  # of one author in an organization
LONGEST_NAME = 80
RESTORABLE = timedelta(hours=1)


class NotAllowed(Refusal):
    status, type, code = 403, "permission_error", "role_not_allowed"


class NotFound(Refusal):
    status, code = 404, "preset_not_found"


def visible(membership: Membership) -> QuerySet[StudioPreset]:
    """One's own and shared ones, the newest first."""
    found = StudioPreset.objects.filter(organization_id=membership.organization_id, deleted_at=None)
    return found.filter(Q(author_id=membership.user_id) | Q(is_shared=True)).select_related("author").order_by("-updated_at", "-pk")


def find(membership: Membership, public_id: str) -> StudioPreset:
    """NotFound for one that is not visible, as for none."""
    return _only(visible(membership), public_id)


def save_new(membership: Membership, saved: Saved) -> StudioPreset:
    _require_writer(membership)
    if saved.setup is None:
        raise Refusal("There is nothing to save: 'setup' is missing.")
    own = StudioPreset.objects.filter(organization_id=membership.organization_id, author_id=membership.user_id, deleted_at=None)
    if own.count() >= MOST:
        raise Refusal(f"You have {MOST} presets here already. Delete one that you no longer need.")
    return StudioPreset.objects.create(
        organization_id=membership.organization_id,
        author_id=membership.user_id,
        name=_name(saved.name or ""),
        setup=setups.as_json(saved.setup),
        is_shared=bool(saved.is_shared),
    )


def change(membership: Membership, preset: StudioPreset, saved: Saved) -> StudioPreset:
    """Only its author; owners and admins may stop sharing it."""
    _require_writer(membership)
    only_unshares = saved == Saved(is_shared=False) and access.may(membership, MANAGERS)
    if preset.author_id != membership.user_id and not only_unshares:
        raise NotAllowed(f"This preset is {preset.author}'s. Duplicate it to change it.")
    if saved.name is not None:
        preset.name = _name(saved.name)
    if saved.setup is not None:
        preset.setup = setups.as_json(saved.setup)
    if saved.is_shared is not None:
        preset.is_shared = saved.is_shared
    preset.updated_at = clock.now()
    preset.save(update_fields=("name", "setup", "is_shared", "updated_at"))
    return preset


def duplicate(membership: Membership, preset: StudioPreset) -> StudioPreset:
    """A private copy of one's own."""
    setup = setups.read_stored(preset.setup)
    return save_new(membership, Saved(setup=setup, name=f"{preset.name[: LONGEST_NAME - 7]} (copy)"))


def delete(membership: Membership, preset: StudioPreset) -> None:
    """It is gone for everybody, and can be restored for an hour by whoever may delete it."""
    _require_deleter(membership, preset)
    StudioPreset.objects.filter(pk=preset.pk, deleted_at=None).update(deleted_at=clock.now())


def restore(membership: Membership, public_id: str) -> StudioPreset:
    deleted = StudioPreset.objects.filter(organization_id=membership.organization_id, deleted_at__gt=clock.now() - RESTORABLE)
    preset = _only(deleted.filter(Q(author_id=membership.user_id) | Q(is_shared=True)).select_related("author"), public_id)
    _require_deleter(membership, preset)
    preset.deleted_at = None
    preset.save(update_fields=("deleted_at",))
    return preset


def forget(now: datetime) -> int:
    """Remove those that can no longer be restored; how many. Safe to repeat."""
    return StudioPreset.objects.filter(deleted_at__lte=now - RESTORABLE).delete()[0]


def may_delete(membership: Membership, preset: StudioPreset) -> bool:
    return access.may(membership, WRITERS if preset.author_id == membership.user_id else MANAGERS)


def _require_writer(membership: Membership) -> None:
    if not access.may(membership, WRITERS):
        raise NotAllowed("Viewers can open presets but not save them. Ask an owner or admin of the organization for the developer role.")


def _require_deleter(membership: Membership, preset: StudioPreset) -> None:
    if not may_delete(membership, preset):
        raise NotAllowed(f"This preset is {preset.author}'s. They can delete it, and so can owners and admins.")


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())[:LONGEST_NAME]
    if not name:
        raise Refusal("Give the preset a name.", param="name")
    return name


def _only(found: QuerySet[StudioPreset], public_id: str) -> StudioPreset:
    number = ids.parse_public("pre", public_id)
    preset = found.filter(pk=number).first() if number else None
    if preset is None:
        raise NotFound("There is no such preset. It may be deleted, or not shared with you.")
    return preset
