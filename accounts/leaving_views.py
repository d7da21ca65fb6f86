"""Taking one's data out, and deleting the account. Both ask once more who is there."""

from allauth.core.internal import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts import export, leaving, reauthentication
from accounts.forms import DeleteAccountForm
from accounts.models import User
from clod_site.lib import clock
from clod_site.lib.streaming import Streamed

EXPORTS = {"export": "6/h/user"}


@require_safe
@never_cache
@login_required
@reauthentication.required
def export_page(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/export.html", {"owned": leaving.owned(_user(request))})


@require_safe
@never_cache
@login_required
@reauthentication.required
def export_file(request: HttpRequest) -> HttpResponseBase:
    refused = ratelimit.consume_or_429(request, app="accounts", action="export", config=EXPORTS, user=request.user, limit_get=True)
    if refused:
        return refused  # type: ignore[no-any-return]
    headers = {"Content-Disposition": f'attachment; filename="clod-{clock.now():%Y-%m-%d}.zip"'}
    return Streamed(export.zipped(_user(request)), content_type="application/zip", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@reauthentication.required
def delete_account(request: HttpRequest) -> HttpResponse:
    user = _user(request)
    form = DeleteAccountForm(user, request.POST if request.method == "POST" else None)
    problem = ""
    if form.is_bound and form.is_valid():
        address = user.email
        try:
            leaving.delete_account(user)
        except leaving.MustTransfer as reason:
            problem = str(reason)
        else:
            return _goodbye(request, address)
    context = {"form": form, "ahead": leaving.consequences(user), "problem": problem}
    return render(request, "accounts/delete_account.html", context, status=422 if form.is_bound else 200)


def _goodbye(request: HttpRequest, address: str) -> HttpResponse:
    logout(request)
    text = render_to_string("accounts/mails/account_deleted.txt")
    send_mail("[CLōD] Your account is deleted", text, None, [address], fail_silently=True)
    messages.success(request, "Your account is deleted.")
    return redirect("landing")


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
