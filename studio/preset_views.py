"""The pages and forms of presets. Whatever is not visible to the member is a 404, the same as what does not exist."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from accounts import access, drawn_for
from accounts.access import WRITERS, MemberRequest, member_page
from accounts.models import Membership
from accounts.undo import undoing
from clod_site.lib.refusal import Refusal
from studio import presets, setups
from studio.models import StudioPreset
from studio.setups import Saved

IN_MENU = 20


class OtherOrganization(Refusal):
    status, code = 409, "other_organization"


@require_safe
@member_page
def preset_list(request: MemberRequest) -> HttpResponse:
    membership = request.membership
    rows = [_row(membership, preset) for preset in presets.visible(membership)]
    context = {"rows": rows, "may_save": access.may(membership, WRITERS)}
    return render(request, "studio/preset_list.html", context)


@require_POST
@member_page
def preset_save(request: MemberRequest, public_id: str = "") -> JsonResponse:
    """A new preset, or new contents of one, from the page; the answer has it and the page's menu."""
    membership = request.membership
    try:
        saved = _read(request)
        known = presets.find(membership, public_id) if public_id else None
        preset = presets.change(membership, known, saved) if known else presets.save_new(membership, saved)
    except Refusal as refusal:
        return JsonResponse(refusal.body(), status=refusal.status)
    return JsonResponse({"preset": as_json(membership, preset), "menu": render_to_string("studio/_preset_menu.html", menu(membership))})


@require_POST
@member_page
def preset_change(request: MemberRequest, public_id: str) -> HttpResponse:
    """The forms of the list: a new name, sharing on or off, a copy."""
    membership, preset = request.membership, _find(request, public_id)
    try:
        match request.POST.get("do"):
            case "rename":
                presets.change(membership, preset, Saved(name=request.POST.get("name", "")))
                messages.success(request, f"It is called {preset.name} now.")
            case "share" | "unshare" as deed:
                presets.change(membership, preset, Saved(is_shared=deed == "share"))
                whom = f"Everybody in {membership.organization.name}" if preset.is_shared else f"Only {preset.author}"
                messages.success(request, f"{whom} can open {preset.name} now.")
            case "duplicate":
                messages.success(request, f"{presets.duplicate(membership, preset).name} is yours.")
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("studio_presets")


@require_POST
@member_page
def preset_delete(request: MemberRequest, public_id: str) -> HttpResponse:
    preset = _find(request, public_id)
    try:
        presets.delete(request.membership, preset)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"{preset.name} was deleted.", undoing("studio_preset_restore", preset.public_id))
    return redirect("studio_presets")


@require_POST
@member_page
def preset_restore(request: MemberRequest, public_id: str) -> HttpResponse:
    try:
        preset = presets.restore(request.membership, public_id)
    except presets.NotFound as refusal:
        raise Http404 from refusal
    except Refusal as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, f"{preset.name} is back.")
    return redirect("studio_presets")


def menu(membership: Membership) -> dict[str, Any]:
    """The newest presets of the page's menu."""
    return {"presets": presets.visible(membership)[:IN_MENU], "may_save": access.may(membership, WRITERS), "reader": membership.user_id}


def as_json(membership: Membership, preset: StudioPreset) -> dict[str, Any]:
    is_mine = preset.author_id == membership.user_id and access.may(membership, WRITERS)
    return {"id": preset.public_id, "name": preset.name, "is_mine": is_mine, "is_shared": preset.is_shared, "setup": preset.setup}


def _read(request: MemberRequest) -> Saved:
    """Refused from a page of another organization, which is where its reader wants the preset."""
    saved = setups.read(request.body)
    if saved.drawn_for not in {"", drawn_for.told(request)}:
        raise OtherOrganization("In another tab you went to another organization. Go back to this page's, or reload it, then save.")
    return saved


def _find(request: MemberRequest, public_id: str) -> StudioPreset:
    try:
        return presets.find(request.membership, public_id)
    except presets.NotFound as refusal:
        raise Http404 from refusal


def _row(membership: Membership, preset: StudioPreset) -> dict[str, Any]:
    return {
        "preset": preset,
        "models": ", ".join(pane["model"] for pane in preset.setup["panes"] if pane["model"]) or "none chosen",
        "is_mine": preset.author_id == membership.user_id,
        "may_delete": presets.may_delete(membership, preset),
    }
