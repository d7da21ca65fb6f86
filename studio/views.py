"""The Studio page, and the small things it asks the site for. What is written goes from the browser to the API, and is not kept here."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import MemberRequest, member_page
from accounts.models import Membership
from catalog.templatetags import catalog_tags
from clod_site.lib import ids
from clod_site.lib.refusal import Refusal
from projects.models import Project
from studio import offer, preset_views, presets, prose, snippets, tokens
from studio.models import StudioPreset

EXAMPLES = ("What is the capital of France?", "Explain how electricity markets work in 3 sentences.", "Write a haiku about a power line.")


class TooLong(Refusal):
    status, code = 413, "body_too_large"


@require_safe
@member_page
def playground(request: MemberRequest) -> HttpResponse:
    membership = request.membership
    preset = _preset(membership, request.GET.get("preset", ""))
    data = {
        "projects": offer.projects(membership.organization_id),
        "models": offer.models(),
        "sites": catalog_tags.site_names(),
        "address": urlsplit(settings.CLOD_API_URL).path + "/chat/completions",
        "most_bytes": settings.CLOD_MAX_BODY_BYTES,
        "may_call": membership.role in access.WRITERS,
        "reader": ids.public("usr", request.user.pk),
        "preset": preset_views.as_json(membership, preset) if preset else None,
        "wanted": {"model": request.GET.get("model", ""), "project": request.GET.get("project", "")},
    }
    context = {"data": data, "may_call": data["may_call"], "examples": EXAMPLES, "tags": offer.TAGS}
    return render(request, "studio/playground.html", context | preset_views.menu(membership))


def _preset(membership: Membership, public_id: str) -> StudioPreset | None:
    """The one in the address; 404 for one that is not visible."""
    try:
        return presets.find(membership, public_id) if public_id else None
    except presets.NotFound as refusal:
        raise Http404 from refusal


@require_POST
@member_page
def code(request: MemberRequest) -> HttpResponse:
    """The call in the body, as programs. What it says is written out again, never kept."""
    try:
        asked = msgspec.json.decode(request.body, type=snippets.Call)
    except msgspec.MsgspecError as error:
        return _refuse(Refusal(f"This conversation cannot be written as code: {error}."))
    return render(request, "studio/_snippets.html", {"snippets": snippets.of_call(settings.CLOD_API_URL, asked)})


@require_POST
@member_page
def answer_html(request: MemberRequest) -> HttpResponse:
    """The Markdown in the body as safe HTML. It is not kept."""
    if len(request.body) > prose.MOST_BYTES:
        return _refuse(TooLong(f"Answers longer than {prose.MOST_BYTES // 1024} KiB are shown as they came."))
    return HttpResponse(prose.render(request.body.decode(errors="replace")))


@require_POST
@never_cache
@member_page
def token(request: MemberRequest) -> HttpResponse:
    """``{"token", "expires_at"}`` for the project in the form; asked for again by the page before it runs out."""
    membership = request.membership
    project_id = ids.parse_public("proj", request.POST.get("project", ""))
    project = access.find(Project.objects.filter(archived_at=None), membership, id=project_id or UUID(int=0))
    try:
        issued, secret = tokens.issue(request.user, project, request.session.session_key or "")
    except Refusal as refusal:
        return _refuse(refusal)
    return JsonResponse({"token": secret, "expires_at": issued.expires_at.isoformat()})


def _refuse(refusal: Refusal) -> JsonResponse:
    body: dict[str, Any] = refusal.body()
    return JsonResponse(body, status=refusal.status)
