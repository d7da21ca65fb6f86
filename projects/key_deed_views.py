"""What is done to an API key that exists: another name, disabled and enabled, rotated, revoked."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access
from accounts.access import WRITERS, MemberRequest, member_page
from accounts.undo import undoing
from projects import keys, keys_page
from projects.key_forms import KeyNameForm, RotateForm
from projects.key_views import repeated, show
from projects.models import ApiKey
from team import audit


@require_POST
@member_page
def key_rename(request: MemberRequest, key_id: UUID) -> HttpResponse:
    access.require(request.membership, WRITERS, "rename API keys")
    api_key = keys_page.find(request, key_id)
    form = KeyNameForm(request.POST, prefix="key")
    if not form.is_valid():
        messages.error(request, "A key needs a name of at most 80 characters.")
        return redirect("key_detail", api_key.pk)
    name = form.cleaned_data["name"]
    ApiKey.objects.filter(pk=api_key.pk).update(name=name)
    audit.record(request, "key.rename", api_key, changes=audit.changed({"name": api_key.name}, {"name": name}))
    messages.success(request, f"The key is named {name} now.")
    return redirect("key_detail", api_key.pk)


@require_POST
@member_page
def key_disable(request: MemberRequest, key_id: UUID) -> HttpResponse:
    access.require(request.membership, WRITERS, "disable API keys")
    api_key = keys_page.find(request, key_id)
    keys.disable(api_key)
    audit.record(request, "key.disable", api_key)
    undo = undoing("key_enable", api_key.pk)
    messages.success(request, f"{api_key.name} is disabled. It starts no more calls until you enable it.", undo)
    return redirect("key_detail", api_key.pk)


@require_POST
@member_page
def key_enable(request: MemberRequest, key_id: UUID) -> HttpResponse:
    access.require(request.membership, WRITERS, "enable API keys")
    api_key = keys_page.find(request, key_id)
    keys.enable(api_key)
    audit.record(request, "key.enable", api_key)
    messages.success(request, f"{api_key.name} is enabled. It works within a second.")
    return redirect("key_detail", api_key.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@member_page
def key_rotate(request: MemberRequest, key_id: UUID) -> HttpResponse:
    """A question first; then the new key, this once."""
    access.require(request.membership, WRITERS, "rotate API keys")
    api_key = keys_page.find(request, key_id)
    if not keys_page.row(api_key).is_active:
        messages.error(request, f"{api_key.name} does not work any more. Generate a new key instead.")
        return redirect("key_detail", api_key.pk)
    if api_key.successor_id and request.method != "POST":
        return _rotated(request, api_key)
    form = RotateForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "projects/key_rotate.html", {"api_key": api_key, "form": form}, status=422 if form.is_bound else 200)
    try:
        successor, secret = keys.rotate(api_key, actor=request.user, overlap=form.overlap, public_id=form.key_id)
    except keys.MadeAlready:
        return repeated(request)
    except keys.RotatedAlready:
        return _rotated(request, api_key)
    audit.record(request, "key.rotate", api_key, changes={"key": (api_key.prefix, successor.prefix)})
    return show(request, successor, secret, "projects/key_shown.html")


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def key_revoke(request: MemberRequest, key_id: UUID) -> HttpResponse:
    access.require(request.membership, WRITERS, "revoke API keys")
    api_key = keys_page.find(request, key_id)
    if request.method != "POST":
        return render(request, "projects/key_revoke.html", {"api_key": api_key})
    keys.revoke(api_key, actor=request.user)
    audit.record(request, "key.revoke", api_key)
    messages.success(request, f"{api_key.name} is revoked. It starts no more calls.")
    return redirect("key_list")


def _rotated(request: MemberRequest, api_key: ApiKey) -> HttpResponse:
    messages.error(request, f"{api_key.name} was rotated before. This is its successor: rotate this one.")
    return redirect("key_detail", api_key.successor_id or api_key.pk)
