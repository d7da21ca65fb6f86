"""Which organization and project a signed-in visitor is working in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from accounts import access


class TenantMiddleware:
    """Adds ``request.membership``: the visitor's membership in the organization chosen in the session, or None."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.membership = SimpleLazyObject(lambda: access.current_membership(request))  # type: ignore[attr-defined]
        return self.get_response(request)
