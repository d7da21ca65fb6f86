"""What browsers may do with a page: the Content-Security-Policy of every page, the looser one of the admin, and devices none needs."""

from typing import Any

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

_ADMIN = "/admin/"
# The admin's menus are Alpine.js expressions in the page, which Alpine compiles as it runs. Only staff are shown these pages.
_LOOSER = {"script-src": ["'self'", "'unsafe-inline'", "'unsafe-eval'"]}

_DEVICES = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
PERMISSIONS = ", ".join(f"{device}=()" for device in _DEVICES)


class PolicyMiddleware(CSPMiddleware):  # type: ignore[misc]  # it comes without types
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return super().process_response(request, response)

    def get_policy_parts(self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False) -> Any:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith(_ADMIN):
            parts.replace = _LOOSER | (parts.replace or {})
        return parts
