"""Saved views of Activity: who sees them, who may change them, and how they come and go."""

from datetime import timedelta

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import Http404, QueryDict

from accounts.access import MANAGERS, WRITERS, may, require
from accounts.models import Membership
from activity import chart, filters
from activity.board import query_of
from activity.models import SavedView
from clod_site.lib import clock, ids

MOST = 50
UNDO = timedelta(days=1)


def seen_by(member: Membership) -> QuerySet[SavedView]:
    """One's own, and those that others share, by name."""
    views = SavedView.objects.filter(organization_id=member.organization_id, deleted_at=None)
    return views.filter(Q(owner_id=member.user_id) | Q(is_shared=True)).select_related("owner").order_by(Lower("name"), "id")


def own(member: Membership) -> QuerySet[SavedView]:
    return seen_by(member).filter(owner_id=member.user_id)


def find(member: Membership, public_id: str) -> SavedView | None:
    pk = ids.parse_public("view", public_id)
    return seen_by(member).filter(pk=pk).first() if pk else None


def get(member: Membership, public_id: str) -> SavedView:
    """404 for what this member does not see."""
    view = find(member, public_id)
    if view is None:
        raise Http404
    return view


def may_share(member: Membership) -> bool:
    return may(member, WRITERS)


def may_delete(member: Membership, view: SavedView) -> bool:
    """Its owner, and of what the whole organization sees also who manages it."""
    return view.owner_id == member.user_id or (view.is_shared and may(member, MANAGERS))


def require_owner(member: Membership, view: SavedView) -> None:
    if view.owner_id != member.user_id:
        raise PermissionDenied("Only its owner can change a view. Open it, and save what it shows under a name of your own.")


def canonical(address: str) -> str:
    """The query string of a filter and a chart, without what means nothing, where one is in it, and which view it was."""
    query = QueryDict(address.removeprefix("?"))
    return query_of(filters.read(query).without("view"), chart.read(query))


def create(member: Membership, name: str, query: str, *, is_shared: bool) -> SavedView:
    """IntegrityError when the member has one of that name."""
    if is_shared:
        require(member, WRITERS, "share a view")
    return SavedView.objects.create(
        organization_id=member.organization_id, owner_id=member.user_id, name=name, query=canonical(query), is_shared=is_shared
    )


def rename(member: Membership, view: SavedView, name: str, *, is_shared: bool) -> SavedView:
    """IntegrityError when the member has one of that name."""
    require_owner(member, view)
    if is_shared and not view.is_shared:
        require(member, WRITERS, "share a view")
    view.name, view.is_shared, view.updated_at = name, is_shared, clock.now()
    view.save(update_fields=["name", "is_shared", "updated_at"])
    return view


def update(member: Membership, view: SavedView, query: str) -> None:
    """It shows this filter and chart from now on."""
    require_owner(member, view)
    view.query, view.updated_at = canonical(query), clock.now()
    view.save(update_fields=["query", "updated_at"])


def delete(member: Membership, view: SavedView) -> None:
    """It can be brought back for a day; those that no longer can are gone for good."""
    if not may_delete(member, view):
        raise PermissionDenied("Only its owner, an admin or an owner of the organization can delete a view.")
    view.deleted_at = clock.now()
    view.save(update_fields=["deleted_at"])
    SavedView.objects.filter(organization_id=member.organization_id, deleted_at__lt=clock.now() - UNDO).delete()


def restore(member: Membership, public_id: str) -> SavedView:
    """IntegrityError when its owner has made another one of that name; 404 for what this member could not have deleted, or too long ago."""
    pk, since = ids.parse_public("view", public_id), clock.now() - UNDO
    view = SavedView.objects.filter(pk=pk, organization_id=member.organization_id, deleted_at__gte=since).first() if pk else None
    if view is None or not may_delete(member, view):
        raise Http404
    view.deleted_at = None
    view.save(update_fields=["deleted_at"])
    return view
