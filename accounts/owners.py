"""An organization without an owner keeps its money, its keys go on spending, and nobody can manage it: the admin makes none."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import unquote
from django.db.models import Q
from django.http import HttpRequest

from accounts.models import Membership, Organization, Role, User
from clod_site.admin_pages import Page


def complaints(organizations: Iterable[UUID], without: Q | None = None) -> list[str]:
    """A sentence for each of them that is open and has no owner who can log in, ``without`` those memberships."""
    owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True)
    owned = (owners.exclude(without) if without else owners).values("organization")
    left = Organization.objects.filter(pk__in=organizations, suspended_at=None).exclude(pk__in=owned).order_by("name")
    return [f"{each.name} would have no owner: give another member that role, or suspend it first." for each in left]


class KeepsOwners(Page):
    """The page of users, or of memberships. Neither a form, nor a deletion, nor a bulk one takes the last owner away."""

    def guard(self, request: HttpRequest, object_id: str | None) -> Callable[[], list[str]]:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        organizations = [each.organization_id for each in Membership.objects.filter(self._of([row] if row else []))]
        before = complaints(organizations)
        return lambda: [each for each in complaints(organizations) if each not in before]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What is in the way is listed where Django lists what protects a row: the page has no button then, and a POST does nothing."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        theirs = self._of(objs)
        organizations = [row.organization_id for row in Membership.objects.filter(theirs)]
        return deleted, counts, lacking, [*protected, *complaints(organizations, without=theirs)]

    def _of(self, rows: Iterable[Any]) -> Q:
        """Their memberships."""
        keys = [row.pk for row in rows]
        return Q(user__in=keys) if self.model is User else Q(pk__in=keys)
