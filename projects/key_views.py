"""API keys: the list, a new one (shown once), its page; and the first steps of somebody who just signed up."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import MANAGERS, WRITERS, MemberRequest, member_page
from projects import caps, first_call, keys, keys_page, stale
from projects.forms import CapsForm
from projects.key_forms import BoundsForm, KeyNameForm, KeyRestrictionsForm
from projects.models import ApiKey, Project
from team import audit


@require_safe
@member_page
def key_list(request: MemberRequest) -> HttpResponse:
    return render(request, "projects/key_list.html", keys_page.of(request))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_page
def key_generate(request: MemberRequest) -> HttpResponse:
    """The form, and the answer with the key in it: this once, kept by no cache. In the dialog (htmx) both are fragments."""
    access.require(request.membership, WRITERS, "generate API keys")
    form = keys_page.form(request, data=request.POST if request.method == "POST" else None)
    is_fragment = bool(request.headers.get("HX-Request"))
    if not form.is_valid():
        template = "projects/_key_form.html" if is_fragment else "projects/key_generate.html"
        return render(request, template, {"form": form}, status=422 if form.is_bound else 200)
    project: Project = form.cleaned_data["project"]
    try:
        api_key, secret = keys.generate(
            project,
            name=form.cleaned_data["name"],
            actor=request.user,
            expires_at=form.expires_at,
            limits=form.limits,
            models=form.cleaned_data["models"],
            public_id=form.key_id,
        )
    except keys.MadeAlready:
        return repeated(request)
    audit.record(request, "key.generate", api_key, changes=audit.changed({}, form.told))
    return show(request, api_key, secret, "projects/_key_shown.html" if is_fragment else "projects/key_shown.html")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
@stale.in_turn
def key_detail(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """Looking is for every member; owners and admins change caps, also those of a key."""
    api_key = keys_page.find(request, key_id)
    if request.method == "POST":
        access.require(request.membership, MANAGERS, "change the caps of API keys")
    initial = {"daily_cap_nanousd": api_key.daily_cap_nanousd, "monthly_cap_nanousd": api_key.monthly_cap_nanousd}
    form = CapsForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_stale:
        return stale.reopened(request, "key_detail", api_key.pk)
    if not form.is_valid():
        context = {
            "row": keys_page.row(api_key),
            "form": form,
            "name_form": KeyNameForm(initial={"name": api_key.name}, prefix="key"),
            "may_write": access.may(request.membership, WRITERS),
            "may_manage": access.may(request.membership, MANAGERS),
        }
        return render(request, "projects/key_detail.html", context, status=422 if form.is_bound else 200)
    caps.of_key(api_key, form.caps)
    audit.record(request, "budget.key", api_key, changes=audit.changed(initial, form.caps))
    messages.success(request, f"The caps of {api_key.name} are saved. They hold from the next request on.")
    return redirect("key_detail", api_key.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
@stale.in_turn
def key_bounds(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """Which models, from where, how fast, and until when."""
    access.require(request.membership, WRITERS, "restrict API keys")
    api_key = keys_page.find(request, key_id)
    initial = {name: getattr(api_key, name) for name in BoundsForm.base_fields} | {"models": api_key.allowed_models.order_by("pk")}
    has_ended = keys_page.row(api_key).has_ended
    form = KeyRestrictionsForm(request.POST if request.method == "POST" else None, initial=initial, has_ended=has_ended)
    if form.is_stale:
        return stale.reopened(request, "key_bounds", api_key.pk)
    if not form.is_valid():
        context = {"api_key": api_key, "form": form}
        return render(request, "projects/key_bounds.html", context, status=422 if form.is_bound else 200)
    before = initial | {"models": list(api_key.allowed_models.all()), "expires_at": api_key.expires_at}
    ApiKey.objects.filter(pk=api_key.pk).update(**form.bounds, **form.expiry)
    api_key.allowed_models.set(form.cleaned_data["models"])
    audit.record(
        request, "key.restrict", api_key, changes=audit.changed(before, form.bounds | form.expiry | {"models": form.cleaned_data["models"]})
    )
    messages.success(request, f"The restrictions of {api_key.name} are saved. They hold within a second.")
    return redirect("key_detail", api_key.pk)


@require_safe
@never_cache
@member_page
def key_arrival(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """Whether the key's first request has come; the page asks every two seconds until it has."""
    return render(request, "projects/_key_arrival.html", {"api_key": keys_page.find(request, key_id)})


@require_safe
@member_page
def first_steps(request: MemberRequest) -> HttpResponse:
    context = {
        "form": keys_page.form(request, name="first-key"),
        "may_write": access.may(request.membership, WRITERS),
        "has_called": ApiKey.objects.filter(project__organization=request.membership.organization_id, last_used_at__isnull=False).exists(),
    }
    return render(request, "projects/first_steps.html", context)


def show(request: MemberRequest, api_key: ApiKey, secret: str, template: str) -> HttpResponse:
    """A new key's text, the only time."""
    return render(request, template, {"api_key": api_key, "secret": secret, "model": first_call.model_for(api_key.project, api_key)})


def repeated(request: MemberRequest) -> HttpResponse:
    """A form that was sent again, by a reload or from the browser's history, makes no second key."""
    messages.error(request, "This form has generated its key already. It was shown then, and cannot be shown again: generate another.")
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": reverse("key_list")})
    return redirect("key_list")
