"""The Team pages: members, their roles, leaving, and passing the organization on."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import MANAGERS, MemberRequest, member_page
from accounts.models import Membership, Role
from team import audit, farewell, members
from team.forms import InviteForm, RoleForm, TransferForm
from team.models import Invitation
from team.roles import ABILITIES

SHOWN = 500


@require_safe
@member_page
def member_list(request: MemberRequest) -> HttpResponse:
    """Everybody sees the members; owners and admins also see who is invited."""
    may_manage = access.may(request.membership, MANAGERS)
    context = {
        "members": _of(request).order_by("created_at")[:SHOWN],
        "shown": SHOWN,
        "invitations": _invitations(request) if may_manage else [],
        "form": InviteForm(),
        "abilities": ABILITIES,
        "roles": Role,
        "may_manage": may_manage,
        "is_owner": request.membership.role == Role.OWNER,
    }
    return render(request, "team/member_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def member_detail(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """One member's role, and the doors to removing them and to passing the organization on to them."""
    access.require(request.membership, MANAGERS, "manage members")
    member = access.find(_of(request), request.membership, pk=member_id)
    form = RoleForm(request.POST if request.method == "POST" else None, initial={"role": member.role})
    if not form.is_valid():
        context = {"member": member, "form": form, "is_owner": request.membership.role == Role.OWNER}
        return render(request, "team/member_detail.html", context, status=422 if form.is_bound else 200)
    try:
        with transaction.atomic():
            member, before = members.change_role(request.membership, member_id, form.cleaned_data["role"])
            audit.record(request, "member.role", member.user, changes=audit.changed({"role": before}, {"role": member.role}))
    except members.Refused as reason:
        messages.error(request, str(reason))
        return redirect("team_member", member_id)
    messages.success(request, f"{member.user.email} is {_a(member.role)} now.")
    return redirect("team")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def member_remove(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """A question first."""
    access.require(request.membership, MANAGERS, "remove members")
    member = access.find(_of(request), request.membership, pk=member_id)
    if request.method != "POST":
        return render(request, "team/member_remove.html", {"member": member})
    try:
        with transaction.atomic():
            members.remove(request.membership, member_id)
            audit.record(request, "member.remove", member.user, changes=audit.changed({"role": member.role}, {"role": None}))
    except members.Refused as reason:
        messages.error(request, str(reason))
        return redirect("team_member", member_id)
    farewell.tell(member, by=request.user)
    messages.success(request, f"{member.user.email} is removed. Invite them again if that was a mistake.")
    return redirect("team")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def leave(request: MemberRequest) -> HttpResponse:
    """A question first. Afterwards the pages show another organization of the person's, if there is one."""
    organization = request.membership.organization
    if request.method != "POST":
        return render(request, "team/leave.html", {"is_only_owner": members.is_only_owner(request.membership)})
    try:
        with transaction.atomic():
            audit.record(request, "member.leave", organization)
            members.leave(request.membership)
    except members.Refused as reason:
        messages.error(request, str(reason))
        return redirect("team")
    request.session.pop(access.CHOSEN, None)
    messages.success(request, f"You have left {organization.name}.")
    return redirect("/projects")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def transfer(request: MemberRequest, member_id: UUID) -> HttpResponse:
    """With the organization's name typed."""
    access.require(request.membership, {Role.OWNER}, "pass the organization on")
    member = access.find(_of(request).exclude(pk=request.membership.pk), request.membership, pk=member_id)
    organization = request.membership.organization
    form = TransferForm(request.POST if request.method == "POST" else None, organization=organization)
    if not form.is_valid():
        return render(request, "team/transfer.html", {"member": member, "form": form}, status=422 if form.is_bound else 200)
    try:
        with transaction.atomic():
            members.transfer(request.membership, member_id)
            audit.record(request, "member.transfer", member.user)
    except members.Refused as reason:
        messages.error(request, str(reason))
        return redirect("team")
    messages.success(request, f"{member.user.email} owns {organization.name} now. You are an admin of it.")
    return redirect("team")


def _of(request: MemberRequest) -> QuerySet[Membership]:
    return Membership.objects.filter(organization_id=request.membership.organization_id).select_related("user", "organization")


def _invitations(request: MemberRequest) -> QuerySet[Invitation]:
    open_ones = Invitation.objects.filter(organization_id=request.membership.organization_id, accepted_at=None)
    return open_ones.select_related("invited_by").order_by("-sent_at")


def _a(role: str) -> str:
    return f"an {role}" if role in {Role.OWNER, Role.ADMIN} else f"a {role}"
