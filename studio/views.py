"""The Studio page, and the short-lived token with which it calls the gateway."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from accounts.access import MemberRequest, member_page
from catalog import operations
from catalog.pages import market, shelf
from catalog.templatetags import catalog_tags
from catalog.templatetags.money_tags import context_size, price_per_mtok
from clod_site.lib import ids
from clod_site.lib.refusal import Refusal
from projects.models import Project
from studio import snippets, tokens

EXAMPLES = ("What is the capital of France?", "Explain how electricity markets work in 3 sentences.", "Write a haiku about a power line.")


class Conversation(msgspec.Struct):
    """What the page sends to have it written as code."""

    model: str
    messages: list[dict[str, str]]
    temperature: float | None = None
    max_completion_tokens: int | None = None


@require_safe
@member_page
def playground(request: MemberRequest) -> HttpResponse:
    membership = request.membership
    models = [_model(row) for row in shelf.choose(market.rows(), shelf.Filter()) if operations.CHAT in row.model.operations]
    context = {
        "data": {"projects": _projects(membership.organization_id), "models": models, "sites": catalog_tags.site_names()},
        "groups": _groups(models),
        "wanted": request.GET.get("model", ""),
        "may_call": membership.role in access.WRITERS,
        "completions_path": urlsplit(settings.CLOD_API_URL).path + "/chat/completions",
        "examples": EXAMPLES,
    }
    return render(request, "studio/playground.html", context)


@require_POST
@member_page
def code(request: MemberRequest) -> HttpResponse:
    """The conversation in the body, as snippets. What it says is written out again, never kept."""
    try:
        asked = msgspec.json.decode(request.body, type=Conversation)
    except msgspec.MsgspecError as error:
        return JsonResponse(Refusal(f"This conversation cannot be written as code: {error}.").body(), status=400)
    parameters = {name: value for name in ("temperature", "max_completion_tokens") if (value := getattr(asked, name)) is not None}
    written = snippets.all_of(settings.CLOD_API_URL, asked.model, asked.messages or snippets.hello(), **parameters)
    return render(request, "studio/_snippets.html", {"snippets": written})


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
        return JsonResponse(refusal.body(), status=refusal.status)
    return JsonResponse({"token": secret, "expires_at": issued.expires_at.isoformat()})


def _projects(organization_id: UUID) -> list[dict[str, Any]]:
    """Projects to work in, the default one first, with the models each may call (empty: all)."""
    rows = Project.objects.filter(organization_id=organization_id, archived_at=None).prefetch_related("allowed_models")
    return [
        {"id": ids.public("proj", row.pk), "name": row.name, "models": [model.slug for model in row.allowed_models.all()]}
        for row in rows.order_by("-is_default", "name")
    ]


def _groups(models: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For the picker: what can be called first."""
    named = (("Available here", True), ("Not available here", False))
    groups = [{"name": name, "models": [model for model in models if model["available"] is is_available]} for name, is_available in named]
    return [group for group in groups if group["models"]]


def _model(row: market.Row) -> dict[str, Any]:
    price = f"{price_per_mtok(row.input_nanousd_per_mtok)} in, {price_per_mtok(row.output_nanousd_per_mtok)} out per million tokens"
    free = "Free for 100 requests a day, then " if row.model.is_free else ""
    return {
        "slug": row.model.slug,
        "name": row.model.name,
        "free": row.model.is_free,
        "available": row.is_available,
        "facts": f"{free}{price}. {context_size(row.model.context_window)} tokens of context.",
        "max_output": row.model.max_output_tokens,
    }
