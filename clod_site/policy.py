"""The Content-Security-Policy of every page, and the looser one of the admin."""

from typing import Any

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

_ADMIN = "/admin/"
# The admin's menus are Alpine.js expressions in the page, which Alpine compiles as it runs. Only staff are shown these pages.
_LOOSER = {"script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"]}


class PolicyMiddleware(CSPMiddleware):  # type: ignore[misc]  # it comes without types
    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> Any:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(_ADMIN):
            parts.replace = _LOOSER | (parts.replace or {})
        return parts
