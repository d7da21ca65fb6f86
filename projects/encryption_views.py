"""The Encryption tab of a project: how bodies are stored, and changing it. Every member reads it; owners and admins change it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, reauthentication
from accounts.access import MANAGERS, MemberRequest, member_page
from projects import project_page, stale
from projects.encryption import recipients, stored, switching, telling
from projects.encryption.recipients import MOST
from projects.encryption.switching import Change
from projects.encryption_forms import LoggingForm, SwitchForm
from projects.models import Project
from team import audit


@require_safe
@member_page
def project_encryption(request: MemberRequest, project_id: UUID) -> HttpResponse:
    project = project_page.find(request, project_id)
    return _page(request, project, LoggingForm(initial=_initial(project)))


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def encryption_switch(request: MemberRequest, project_id: UUID) -> HttpResponseBase:
    """What a change would mean, and the question about old bodies; then the change."""
    project = project_page.find(request, project_id)
    access.require(request.membership, MANAGERS, "change how prompts and answers are stored")
    wanted = LoggingForm(request.POST if request.method == "POST" else request.GET, initial=_initial(project))
    if wanted.is_stale:
        return stale.reopened(request, "project_encryption", project.pk)
    if not wanted.is_valid():
        return _page(request, project, wanted, status=422)
    try:
        change = switching.change(project, wanted.wanted)
    except switching.NoRecipient:
        messages.info(request, "Sealing needs a key to seal to. Make or add one here first.")
        return redirect("recipient_new", project.pk)
    if change.is_none:
        messages.info(request, "That is how it is already.")
        return redirect("project_encryption", project.pk)
    form = SwitchForm(change, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _save(request, change, form.cleaned_data.get("old", ""))
    context = {"project": project, "change": change, "form": form, "stamp": wanted.stamp}
    return render(request, "projects/encryption_switch.html", context, status=422 if form.is_bound else 200)


@reauthentication.required
def _save(request: Any, change: Change, old: str) -> HttpResponse:
    project, before = change.project, _initial(change.project)
    try:
        switching.apply(change, old)
    except switching.ChangedMeanwhile:
        return stale.reopened(request, "project_encryption", project.pk)
    after = {"body_logging": change.wanted.mode, "body_days": change.wanted.days}
    telling.tell(request, "bodies.logging", project, changes=audit.changed(before, after))
    if old in (switching.SHORTEN, switching.DELETE):
        telling.tell(request, "bodies.delete", project, changes={"bodies": (str(change.stored), str(stored.of(project.pk)))})
    messages.success(request, f"Saved. It holds for requests of {project.name} that begin a second from now.")
    return redirect("project_encryption", project.pk)


def _page(request: MemberRequest, project: Project, form: LoggingForm, status: int = 200) -> HttpResponse:
    rows = list(project.recipients.select_related("created_by", "revoked_by").order_by("created_at"))
    context = {
        "form": form,
        "recipients": sorted(rows, key=lambda row: row.revoked_at is not None),
        "in_use": sum(map(recipients.is_in_use, rows)),
        "is_full": sum(row.revoked_at is None for row in rows) >= MOST,
        "stored": stored.of(project.pk),
    }
    return project_page.tab(request, "encryption", project, status=status, **context)


def _initial(project: Project) -> dict[str, Any]:
    return {name: getattr(project, name) for name in LoggingForm.base_fields}
