"""The Projects pages. Everybody in the organization sees them; owners and admins change projects."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.access import MANAGERS, WRITERS, MemberRequest, member_page
from accounts.models import Membership
from accounts.undo import undoing
from projects import caps, keys_page, project_page, stale
from projects.encryption import policy
from projects.forms import ArchiveForm, BudgetForm, ModelsForm, ProjectForm
from projects.models import Project
from team import audit, roles

SHOWN = 200


def archived_of_member(membership: Membership) -> QuerySet[Project]:
    found = Project.objects.filter(organization_id=membership.organization_id, archived_at__isnull=False)
    return found.select_related("organization").order_by("-archived_at")


@require_safe
@member_page
def project_list(request: MemberRequest) -> HttpResponse:
    in_use = Count("api_keys", filter=Q(api_keys__revoked_at=None), distinct=True)
    sealed_to = Count("recipients", filter=Q(recipients__proven_at__isnull=False, recipients__revoked_at=None), distinct=True)
    projects = project_page.of_member(request.membership).annotate(
        key_count=in_use, model_count=Count("allowed_models", distinct=True), recipient_count=sealed_to
    )
    context = {
        "projects": projects,
        "archived": archived_of_member(request.membership)[:SHOWN],
        "may_manage": access.may(request.membership, MANAGERS),
        "may_write": access.may(request.membership, WRITERS),
    }
    return render(request, "projects/project_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def project_create(request: MemberRequest) -> HttpResponse:
    access.require(request.membership, MANAGERS, "create a project")
    organization = request.membership.organization
    form = ProjectForm(request.POST if request.method == "POST" else None, organization=organization)
    if not form.is_valid():
        return render(request, "projects/project_create.html", {"form": form}, status=422 if form.is_bound else 200)
    project = Project.objects.create(organization=organization, name=form.cleaned_data["name"])
    audit.record(request, "project.create", project)
    messages.success(request, f"{project.name} is created. Give it a key, and a cap if it may not spend freely.")
    return redirect("project_overview", project.pk)


@require_safe
@member_page
def project_overview(request: MemberRequest, project_id: UUID) -> HttpResponse:
    project = project_page.find_also_archived(request, project_id)
    if project.archived_at:
        messages.info(request, f"{project.name} is archived. It can be restored here, among the archived projects.")
        return redirect("project_list")
    counts = {
        "key_count": project.api_keys.filter(revoked_at=None).count(),
        "model_count": project.allowed_models.count(),
        "recipient_count": policy.in_use(project.pk).count(),
    }
    return project_page.tab(request, "overview", project, **counts)


@require_safe
@member_page
def project_keys(request: MemberRequest, project_id: UUID) -> HttpResponse:
    project = project_page.find(request, project_id)
    return project_page.tab(request, "keys", project, **keys_page.of(request, project))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
@stale.in_turn
def project_models(request: MemberRequest, project_id: UUID) -> HttpResponse:
    project = project_page.change(request, project_id, "choose a project's models")
    form = ModelsForm(request.POST if request.method == "POST" else None, initial={"models": project.allowed_models.order_by("pk")})
    if form.is_stale:
        return stale.reopened(request, "project_models", project.pk)
    if not form.is_valid():
        return project_page.tab(request, "models", project, form=form)
    before = {"models": list(project.allowed_models.all())}
    project.allowed_models.set(form.cleaned_data["models"])
    audit.record(request, "project.models", project, changes=audit.changed(before, form.cleaned_data))
    messages.success(request, f"The models of {project.name} are saved.")
    return redirect("project_models", project.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
@stale.in_turn
def project_budgets(request: MemberRequest, project_id: UUID) -> HttpResponse:
    project = project_page.change(request, project_id, "change a project's caps")
    initial = {name: getattr(project, name) for name in BudgetForm.base_fields}
    form = BudgetForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_stale:
        return stale.reopened(request, "project_budgets", project.pk)
    if not form.is_valid():
        return project_page.tab(request, "budgets", project, form=form)
    caps.of_project(project, form.cleaned_data)
    audit.record(request, "budget.project", project, changes=audit.changed(initial, form.cleaned_data))
    messages.success(request, f"The budgets of {project.name} are saved. They hold from the next request on.")
    return redirect("project_budgets", project.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def project_settings(request: MemberRequest, project_id: UUID) -> HttpResponse:
    """A new name; and the door to archiving."""
    project = project_page.change(request, project_id, "rename a project")
    form = ProjectForm(
        request.POST if request.method == "POST" else None,
        organization=project.organization,
        project=project,
        initial={"name": project.name},
    )
    if not form.is_valid():
        return project_page.tab(request, "settings", project, form=form, archive_form=ArchiveForm(project=project))
    Project.objects.filter(pk=project.pk).update(name=form.cleaned_data["name"])
    audit.record(request, "project.rename", project, changes=audit.changed({"name": project.name}, form.cleaned_data))
    messages.success(request, f"The project is named {form.cleaned_data['name']} now.")
    return redirect("project_settings", project.pk)


@require_POST
@member_page
def project_archive(request: MemberRequest, project_id: UUID) -> HttpResponse:
    access.require(request.membership, MANAGERS, "archive a project")
    project = project_page.find_also_archived(request, project_id)
    if project.archived_at:
        project.archive()  # by another tab, whose calls may not have run out yet
        messages.info(request, f"{project.name} is archived already. Its keys start no more calls; its activity stays.")
        return redirect("project_list")
    if project.is_default:
        raise PermissionDenied("The default project cannot be archived: keys without another project belong to it.")
    form = ArchiveForm(request.POST, project=project)
    if not form.is_valid():
        name_form = ProjectForm(organization=project.organization, project=project, initial={"name": project.name})
        return project_page.tab(request, "settings", project, status=422, form=name_form, archive_form=form)
    project.archive()
    audit.record(request, "project.archive", project)
    undo = undoing("project_restore", project.pk)
    messages.success(request, f"{project.name} is archived. Its keys start no more calls; its activity stays.", undo)
    return redirect("project_list")


@require_POST
@member_page
def project_restore(request: MemberRequest, project_id: UUID) -> HttpResponse:
    access.require(request.membership, MANAGERS, "restore a project")
    project = project_page.find_also_archived(request, project_id)
    if not project.archived_at:
        messages.info(request, f"{project.name} is in use.")
        return redirect("project_overview", project.pk)
    project.restore()
    audit.record(request, "project.restore", project)
    messages.success(request, f"{project.name} is back. Its keys work again within a second.")
    return redirect("project_overview", project.pk)


@require_safe
@member_page
def project_members(request: MemberRequest, project_id: UUID) -> HttpResponse:
    """Everybody in the organization: their role there decides."""
    project = project_page.find(request, project_id)
    members = project.organization.memberships.select_related("user").order_by("created_at")[:SHOWN]
    return project_page.tab(request, "members", project, rows=[(member, roles.ABOUT[member.role]) for member in members])
