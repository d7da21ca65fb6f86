"""The page of one project: who finds it, who may change it, and its tabs."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render

from accounts import access
from accounts.access import MANAGERS, WRITERS, MemberRequest
from accounts.models import Membership
from clod_site.lib import ids
from projects.forms import BudgetForm, ModelsForm, ProjectForm
from projects.models import Project


def of_member(membership: Membership) -> QuerySet[Project]:
    """The organization's projects that are not archived, the default one first."""
    found = Project.objects.filter(organization_id=membership.organization_id, archived_at=None).select_related("organization")
    return found.order_by("-is_default", "name")


def find(request: MemberRequest, project_id: UUID) -> Project:
    return access.find(of_member(request.membership), request.membership, pk=project_id)


def find_also_archived(request: MemberRequest, project_id: UUID) -> Project:
    return access.find(Project.objects.select_related("organization"), request.membership, pk=project_id)


def change(request: MemberRequest, project_id: UUID, deed: str) -> Project:
    """Looking is for every member of the organization, sending the form for owners and admins; a stranger gets a 404 either way."""
    project = find(request, project_id)
    if request.method == "POST":
        access.require(request.membership, MANAGERS, deed)
    return project


def tab(request: MemberRequest, name: str, project: Project, *, status: int = 0, **more: object) -> HttpResponse:
    """One of the project's tabs; a form that came back with errors is a 422."""
    form = more.get("form")
    is_refused = isinstance(form, ProjectForm | BudgetForm | ModelsForm) and form.is_bound
    context = {
        "project": project,
        "project_address": ids.public("proj", project.pk),
        "may_manage": access.may(request.membership, MANAGERS),
        "may_write": access.may(request.membership, WRITERS),
    }
    return render(request, f"projects/project_{name}.html", context | more, status=status or (422 if is_refused else 200))
