"""What the frame around every page needs to know."""

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Membership, User

THEMES = ("system", "light", "dark")
RAILS = ("wide", "narrow")


def frame(request: HttpRequest) -> dict[str, Any]:
    return {
        "membership": getattr(request, "membership", None),
        "frame_memberships": lambda: _memberships(request),
        "api_url": settings.CLOD_API_URL,
        "is_embedded": not settings.PRODUCTION,
        "mails_are_sent": settings.PRODUCTION or bool(settings.EMAIL_HOST),
        "theme": _cookie(request, "clod_theme", THEMES),
        "rail": _cookie(request, "clod_rail", RAILS),
    }


def look(request: HttpRequest) -> dict[str, Any]:
    """What a page needs that is drawn without asking who looks."""
    return {"theme": _cookie(request, "clod_theme", THEMES)}


def _memberships(request: HttpRequest) -> QuerySet[Membership]:
    """For the switcher; asked for only by pages that draw it."""
    assert isinstance(request.user, User)
    return request.user.memberships.select_related("organization").order_by("created_at")


def _cookie(request: HttpRequest, name: str, choices: tuple[str, ...]) -> str:
    """The cookie's value where it is one of the choices, else the first choice: the first paint is already right."""
    value = request.COOKIES.get(name, "")
    return value if value in choices else choices[0]
