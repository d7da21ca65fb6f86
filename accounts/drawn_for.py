"""Forms say which organization they were drawn for: sent from a tab that has become old, they change nothing in another one."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import Membership, User
from clod_site.lib import ids

FIELD = "drawn_for"
ABOUT_THE_PERSON = ("/admin/", "/organization/", "/theme", "/accounts/", "/settings/security", "/settings/profile")


def told(request: HttpRequest | None) -> str:
    """The organization the visitor works in, as forms name it; empty for visitors."""
    membership = getattr(request, "membership", None)
    return ids.public("org", membership.organization_id) if membership else ""


def refusal(request: HttpRequest) -> HttpResponse | None:
    """Where a form was drawn for another organization: a page that says so, and leads to either."""
    meant, here = request.POST.get(FIELD, ""), told(request)
    if not meant or not here or meant == here or request.path.startswith(ABOUT_THE_PERSON):
        return None
    organization_id = ids.parse_public("org", meant)
    other = _membership(request, organization_id) if organization_id else None
    return render(request, "accounts/other_organization.html", {"other": other}, status=409)


def _membership(request: HttpRequest, organization_id: UUID) -> Membership | None:
    assert isinstance(request.user, User)
    return Membership.objects.select_related("organization").filter(user=request.user, organization_id=organization_id).first()
