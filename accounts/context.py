"""What the frame around every page needs to know."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    return {
        "membership": getattr(request, "membership", None),
        "api_url": settings.CLOD_API_URL,
        "is_embedded": not settings.PRODUCTION,
    }
