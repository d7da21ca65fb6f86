"""Inviting, and being invited."""

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import MANAGERS, MemberRequest, member_page
from accounts.models import User
from team import audit, invitations
from team.forms import InviteForm
from team.members import Refused
from team.models import Invitation


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def invite(request: MemberRequest) -> HttpResponse:
    """The form as a page; in the dialog (htmx) it is a fragment."""
    access.require(request.membership, MANAGERS, "invite members")
    form = InviteForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _invite(request, form):
        return HttpResponse(headers={"HX-Redirect": reverse("team")}) if request.headers.get("HX-Request") else redirect("team")
    template = "team/_invite_form.html" if request.headers.get("HX-Request") else "team/invite.html"
    return render(request, template, {"form": form}, status=422 if form.is_bound else 200)


def _invite(request: MemberRequest, form: InviteForm) -> bool:
    """False when the form has to say why not. An invitation whose mail was not taken stays, to be sent again."""
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    try:
        invitations.invite(request.membership, email, role)
    except Refused as reason:
        form.add_error("email", str(reason))
        return False
    except invitations.NotSent:
        messages.error(request, f"{email} is invited, but the mail could not be sent. Send it again in a minute.")
    else:
        messages.success(request, f"{email} is invited as {role}. The link works for seven days.")
    audit.record(request, "member.invite", email, changes=audit.changed({}, {"role": role}))
    return True


@require_POST
@member_page
def send_again(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    found = _find(request, invitation_id)
    try:
        invitations.send_again(request.membership, found)
    except Refused as reason:
        messages.error(request, str(reason))
        return redirect("team")
    except invitations.NotSent:
        messages.error(request, f"The mail to {found.email} could not be sent. Try again in a minute.")
    else:
        messages.success(request, f"{found.email} has a new link; the former one works no more.")
    audit.record(request, "member.invite_again", found.email)
    return redirect("team")


@require_POST
@member_page
def withdraw(request: MemberRequest, invitation_id: UUID) -> HttpResponse:
    found = _find(request, invitation_id)
    invitations.withdraw(found)
    audit.record(request, "member.withdraw", found.email)
    messages.success(request, f"The invitation of {found.email} is withdrawn: its link opens nothing any more.")
    return redirect("team")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the mailed link opens, for whoever has it: who invites to what, and the way to accept."""
    found = invitations.find(token)
    if found is None:
        return render(request, "team/invitation_gone.html", status=404)
    if request.method == "POST" and isinstance(request.user, User):
        return _accept(request, found)
    if not request.user.is_authenticated:
        get_adapter(request).stash_verified_email(request, found.email)  # who has the link has read the mail
    is_mine = isinstance(request.user, User) and invitations.is_for(found, request.user)
    return render(request, "team/invitation.html", {"invitation": found, "is_mine": is_mine})


def _accept(request: HttpRequest, found: Invitation) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        with transaction.atomic():
            membership = invitations.accept(found, request.user)
            changes = audit.changed({}, {"role": membership.role})
            audit.record(request, "member.join", found.organization, organization=found.organization, changes=changes)
    except Refused as reason:
        messages.error(request, str(reason))
        return redirect(request.path)
    access.choose(request, found.organization_id)
    messages.success(request, f"You work in {found.organization.name} now, as {membership.role}.")
    return redirect("project_list")


def _find(request: MemberRequest, invitation_id: UUID) -> Invitation:
    access.require(request.membership, MANAGERS, "manage invitations")
    return access.find(Invitation.objects.filter(accepted_at=None), request.membership, pk=invitation_id)
