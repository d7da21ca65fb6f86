"""The one answer to "may X see Y, and change it?"

Everything a tenant owns hangs from an organization. What is not yours is a 404, the same as what does not exist.
"""

from collections.abc import Callable, Container
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from accounts.models import Membership, Role, User

Row = TypeVar("Row", bound=Model)
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
CHOSEN = "organization_id"
WRITERS = frozenset({Role.OWNER, Role.ADMIN, Role.DEVELOPER})
MANAGERS = frozenset({Role.OWNER, Role.ADMIN})


def current_membership(request: HttpRequest) -> Membership | None:
    """The visitor's membership in the organization of their session, else in the one they joined first."""
    if not request.user.is_authenticated:
        return None
    memberships = Membership.objects.filter(user=request.user).select_related("organization__free_quota")
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


class MemberRequest(HttpRequest):
    """What a page behind ``member_page`` gets: somebody is logged in, and works in an organization."""

    user: User
    membership: Membership


def member_page(view: Callable[Concatenate[MemberRequest, P], HttpResponseBase]) -> View[P]:
    """A view for members only: visitors go to the log-in page, people without an organization read why they see nothing."""

    @wraps(view)
    @login_required
    def page(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not getattr(request, "membership", None):
            return render(request, "accounts/no_organization.html", status=403)
        return view(cast(MemberRequest, request), *args, **kwargs)

    return cast("View[P]", page)


def may(membership: Membership, roles: Container[str]) -> bool:
    return membership.role in roles


def require(membership: Membership, roles: Container[str], deed: str) -> None:
    """403 with a sentence for the reader: which role they have, what it cannot do, who can help."""
    if not may(membership, roles):
        raise PermissionDenied(
            f"In {membership.organization.name} you are a {membership.role}, and a {membership.role} cannot {deed}. Ask an owner or admin."
        )
