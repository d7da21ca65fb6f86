"""Who a signed-in visitor is: the organization they work in, and the device they use."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts import access, devices, drawn_for
from accounts.models import User
from clod_site.lib import clock


class PrivateMiddleware:
    """What is drawn for somebody who is logged in is kept by no cache, where its view has not said how long it may be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.session.accessed and SESSION_KEY in request.session:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class TenantMiddleware:
    """Adds ``request.membership``: the visitor's membership in the organization chosen in the session, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = SimpleLazyObject(lambda: access.current_membership(request))  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., Any], *_: Any) -> HttpResponse | None:
        """Pages' forms only: what is exempt from their tokens is no page."""
        is_form = request.method == "POST" and not getattr(view, "csrf_exempt", False)
        return drawn_for.refusal(request) if is_form and request.user.is_authenticated else None


class DevicesMiddleware:
    """Notes when and where each log-in session was used last, every ten minutes: one write then, none in between."""

    EVERY_S = 600
    MOST = 10_000  # sessions a process remembers

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._noted: OrderedDict[str, float] = OrderedDict()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = request.session.session_key
        if key and request.session.accessed and self._is_due(key) and isinstance(request.user, User):
            devices.note(request)
        return response

    def _is_due(self, key: str) -> bool:
        now = clock.monotonic()
        if now < self._noted.get(key, now):
            return False
        self._noted[key] = now + self.EVERY_S
        while len(self._noted) > self.MOST:
            self._noted.popitem(last=False)
        return True
