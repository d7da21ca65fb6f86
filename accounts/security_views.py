"""Account and security: how you log in, on which devices, and proving that it is you."""

from typing import Any

from allauth.account.forms import BaseConfirmCodeForm
from allauth.account.models import EmailAddress
from allauth.account.views import BaseReauthenticateView
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import devices, reauthentication


@require_safe
@never_cache
@login_required
def security(request: HttpRequest) -> HttpResponse:
    authenticators = list(Authenticator.objects.filter(user=request.user).order_by("created_at"))
    codes = next((row for row in authenticators if row.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "addresses": EmailAddress.objects.filter(user=request.user).order_by("-primary", "email"),
        "passkeys": [row for row in authenticators if row.type == Authenticator.Type.WEBAUTHN],
        "app": next((row for row in authenticators if row.type == Authenticator.Type.TOTP), None),
        "codes": codes,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "devices": devices.of(request),
        "has_providers": bool(settings.SOCIALACCOUNT_PROVIDERS),
        "connected": SocialAccount.objects.filter(user=request.user) if settings.SOCIALACCOUNT_PROVIDERS else (),
    }
    return render(request, "accounts/security.html", context)


@require_POST
@login_required
def end_device(request: HttpRequest, device_id: int) -> HttpResponse:
    devices.end(request, device_id)
    messages.success(request, "That device is logged out.")
    return redirect("security")


@require_POST
@login_required
def end_other_devices(request: HttpRequest) -> HttpResponse:
    devices.end_others(request)
    messages.success(request, "Every other device is logged out.")
    return redirect("security")


@method_decorator((never_cache, login_required), name="dispatch")
class ReauthenticateByCodeView(BaseReauthenticateView):  # type: ignore[misc]
    """For who has neither a password nor a second factor. Opening the page mails the code; it is kept while it is good."""

    form_class = BaseConfirmCodeForm
    template_name = "account/reauthenticate_by_code.html"

    def get(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        self.process = reauthentication.CodeProcess.resume(request) or reauthentication.CodeProcess.begin(request)
        return super().get(request, *args, **options)  # type: ignore[no-any-return]

    def post(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        self.process = reauthentication.CodeProcess.resume(request)
        if self.process is None:
            return self._again("That code is no longer good.")
        return super().post(request, *args, **options)  # type: ignore[no-any-return]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "code": self.process.code if self.process else ""}

    def form_valid(self, form: Any) -> HttpResponse:
        assert self.process
        self.process.finish()
        return super().form_valid(form)  # type: ignore[no-any-return]

    def form_invalid(self, form: Any) -> HttpResponse:
        assert self.process
        if self.process.record_invalid_attempt():
            return super().form_invalid(form)  # type: ignore[no-any-return]
        return self._again("Too many wrong codes.")

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        return {**super().get_context_data(**options), "is_sent": self.process is not None}

    def _again(self, problem: str) -> HttpResponse:
        messages.error(self.request, f"{problem} We sent another one, if you have not asked for many.")
        return HttpResponseRedirect(self.passthrough_next_url(reverse("reauthenticate_by_code")))
