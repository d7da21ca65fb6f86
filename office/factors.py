"""Staff need a second factor: without one the admin does not open, and leads to where one is set up.

``CLOD_STAFF_MFA`` says whether; it is on in production. Elsewhere the admin's front page says that there is none.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

ADMIN = "/admin/"
OPEN = frozenset({"login", "logout", "jsi18n"})
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes stand in for one, and are none


class StaffFactorMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        if not settings.CLOD_STAFF_MFA or not request.path_info.startswith(ADMIN) or not getattr(request.user, "is_staff", False):
            return None
        if (request.resolver_match and request.resolver_match.url_name in OPEN) or has_factor(request.user.pk):
            return None
        messages.warning(
            request, "The admin opens for staff with a second factor. Add a passkey or an authenticator app here, then come back."
        )
        return redirect("security")


def has_factor(user_id: Any) -> bool:
    found: bool = Authenticator.objects.filter(user_id=user_id, type__in=FACTORS).exists()
    return found
