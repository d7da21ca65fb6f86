"""The one answer to "may X see Y, and change it?"

Everything a tenant owns hangs from an organization. What is not yours is a 404, the same as what does not exist.
"""

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from accounts.models import Membership, Role, User

Row = TypeVar("Row", bound=Model)
CHOSEN = "organization_id"
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.DEVELOPER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})


def current_membership(request: HttpRequest) -> Membership | None:
    """The visitor's membership in the organization of their session, else in the one they joined first."""
    if not request.user.is_authenticated:
        return None
    memberships = Membership.objects.filter(user=request.user).select_related("organization")
    chosen = request.session.get(CHOSEN)
    return (memberships.filter(organization_id=chosen).first() if chosen else None) or memberships.order_by("created_at").first()


def choose(request: HttpRequest, organization_id: UUID) -> None:
    """Work in another of the visitor's organizations from now on; 404 for anybody else's."""
    assert isinstance(request.user, User)
    if not Membership.objects.filter(user=request.user, organization_id=organization_id).exists():
        raise Http404
    request.session[CHOSEN] = str(organization_id)


def find(queryset: QuerySet[Row], membership: Membership, *, within: str = "organization", **lookup: Any) -> Row:
    """The one row of the member's organization that matches, or 404. ``within`` is the path from the row to its organization."""
    row = queryset.filter(**{within: membership.organization_id}, **lookup).first()
    if row is None:
        raise Http404
    return row
