"""The ceremony around a recipient's key: made or added, proven, revoked. Owners and admins only, after proving who they are."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, reauthentication
from accounts.access import MANAGERS, MemberRequest, member_page
from clod_site.lib import clock, ids
from projects import project_page
from projects.encryption import challenge, recipients, telling
from projects.encryption_forms import RecipientForm
from projects.models import BodyLogging, Project, Recipient


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("jwk")
@member_page
def recipient_new(request: MemberRequest, project_id: UUID) -> HttpResponseBase:
    """A key is refused before anything else happens to what was sent: an interrupted form waits in the session, and no private key may."""
    project = project_page.find(request, project_id)
    access.require(request.membership, MANAGERS, "add recipients")
    if request.method != "POST":
        return _ask_for_key(request, project)
    form = RecipientForm(request.POST)
    return _add(request, project, form) if form.is_valid() else _key_page(request, project, form)


@reauthentication.required
def _ask_for_key(request: Any, project: Project) -> HttpResponse:
    holder = request.user.name or request.user.email.partition("@")[0]
    return _key_page(request, project, RecipientForm(initial={"name": f"{holder[:60]}, {clock.now():%B %Y}"}))


@reauthentication.required
def _add(request: Any, project: Project, form: RecipientForm) -> HttpResponse:
    try:
        recipient, is_new = recipients.add(project, form.cleaned_data["jwk"], form.cleaned_data["name"], actor=request.user)
    except recipients.Refused as reason:
        form.add_error("jwk", str(reason))
        return _key_page(request, project, form)
    if is_new:
        telling.tell(request, "bodies.key_add", recipient)
    replaced = _replaced(request, project, recipient)
    query = f"?{urlencode({'replaces': ids.public('rec', replaced.pk)})}" if replaced else ""
    return redirect(_address("recipient_prove", recipient) + query)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_page
def recipient_prove(request: MemberRequest, project_id: UUID, recipient_id: UUID) -> HttpResponseBase:
    """A challenge that only the private key opens; and the answer to it."""
    return _prove(request, _find(request, project_id, recipient_id, "prove recipients"))


@reauthentication.required
def _prove(request: Any, recipient: Recipient) -> HttpResponse:
    if request.method != "POST":
        return _proven(request, recipient) if recipients.is_in_use(recipient) else _challenge_page(request, recipient)
    try:
        challenge.check(recipient, request.user, request.POST.get("note", ""), request.POST.get("answer", ""))
        is_new = recipients.prove(recipient)
    except (challenge.NotProven, recipients.Refused) as reason:
        return _challenge_page(request, recipient, str(reason))
    if is_new:
        telling.tell(request, "bodies.key_prove", recipient)
    return _proven(request, recipient)


def _proven(request: MemberRequest, recipient: Recipient) -> HttpResponse:
    """On to what is left to do: revoke the one it replaces, or seal."""
    project, replaced = recipient.project, _replaced(request, recipient.project, recipient)
    if replaced:
        messages.success(request, f"{recipient.name} is proven, and bodies can be sealed to it. Now revoke {replaced.name}.")
        return redirect(_address("recipient_revoke", replaced))
    if project.body_logging == BodyLogging.SEALED:
        messages.success(request, f"{recipient.name} is proven. New bodies are sealed to it from now on.")
        return redirect("project_encryption", project.pk)
    messages.success(request, f"{recipient.name} is proven. Nothing is sealed yet: say here that it is wanted.")
    query = urlencode({"body_logging": BodyLogging.SEALED, "body_days": project.body_days})
    return redirect(f"{reverse('encryption_switch', args=[project.pk])}?{query}")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def recipient_revoke(request: MemberRequest, project_id: UUID, recipient_id: UUID) -> HttpResponseBase:
    recipient = _find(request, project_id, recipient_id, "revoke recipients")
    if not recipients.is_in_use(recipient):
        messages.info(request, f"Nothing is sealed to {recipient.name}.")
        return redirect("project_encryption", recipient.project_id)
    return _revoke(request, recipient) if request.method == "POST" else _revoke_page(request, recipient)


@reauthentication.required
def _revoke(request: Any, recipient: Recipient) -> HttpResponse:
    try:
        is_new = recipients.revoke(recipient, actor=request.user, is_confirmed="is_confirmed" in request.POST)
    except recipients.WouldStoreNothing:
        return _revoke_page(request, recipient, status=422)
    if is_new:
        telling.tell(request, "bodies.key_revoke", recipient)
    messages.success(request, f"{recipient.name} is revoked. New bodies are not sealed to it; those from before still open with it.")
    return redirect("project_encryption", recipient.project_id)


@require_POST
@member_page
def recipient_remove(request: MemberRequest, project_id: UUID, recipient_id: UUID) -> HttpResponseBase:
    return _remove(request, _find(request, project_id, recipient_id, "remove recipients"))


@reauthentication.required
def _remove(request: Any, recipient: Recipient) -> HttpResponse:
    project = recipient.project
    try:
        recipients.remove(recipient)
    except recipients.Refused as reason:
        messages.error(request, str(reason))
        return redirect("project_encryption", project.pk)
    telling.tell(request, "bodies.key_remove", recipient)
    messages.success(request, f"{recipient.name} is removed. Nothing was sealed to it.")
    return redirect("project_encryption", project.pk)


def _find(request: MemberRequest, project_id: UUID, recipient_id: UUID, deed: str) -> Recipient:
    project = project_page.find(request, project_id)
    access.require(request.membership, MANAGERS, deed)
    rows = Recipient.objects.select_related("project__organization")
    return access.find(rows, request.membership, within="project__organization", project=project, pk=recipient_id)


def _replaced(request: MemberRequest, project: Project, by: Recipient) -> Recipient | None:
    """The recipient that this one is to take the place of, while it is in use. Forms send it as a field: an address with a query is
    not gone on with after an interruption."""
    pk = ids.parse_public("rec", request.POST.get("replaces", "") or request.GET.get("replaces", ""))
    found = project.recipients.filter(pk=pk).exclude(pk=by.pk).first() if pk else None
    return found if found and recipients.is_in_use(found) else None


def _key_page(request: MemberRequest, project: Project, form: RecipientForm) -> HttpResponse:
    replaces = request.POST.get("replaces", "") or request.GET.get("replaces", "")
    context = {"project": project, "form": form, "replaces": replaces}
    return render(request, "projects/recipient_new.html", context, status=422 if form.is_bound else 200)


def _challenge_page(request: MemberRequest, recipient: Recipient, problem: str = "") -> HttpResponse:
    replaced = _replaced(request, recipient.project, recipient)
    context = {
        "recipient": recipient,
        "project": recipient.project,
        "challenge": challenge.new(recipient, request.user),
        "bound_to": challenge.bound_to(recipient),
        "replaces": ids.public("rec", replaced.pk) if replaced else "",
        "problem": problem,
    }
    return render(request, "projects/recipient_prove.html", context, status=422 if problem else 200)


def _revoke_page(request: MemberRequest, recipient: Recipient, status: int = 200) -> HttpResponse:
    context = {"recipient": recipient, "project": recipient.project, "is_last": recipients.is_last(recipient)}
    return render(request, "projects/recipient_revoke.html", context, status=status)


def _address(name: str, recipient: Recipient) -> str:
    return reverse(name, args=[recipient.project_id, recipient.pk])
