"""The admin's front page: what runs, what is earned and lost, and what somebody should look at."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from accounts.models import User
from billing import checking
from clod_site.lib import clock
from office import attention, factors, figures, roles

KEPT_S = 5  # however many people look at it


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold asks for. Who is staff without a role gets none of the numbers, and reads what to do."""
    user = request.user
    assert isinstance(user, User)
    context["roles"] = roles.ALL
    context["lacks_factor"] = not settings.CLOD_STAFF_MFA and not factors.has_factor(user.pk)
    if user.has_perm("activity.view_request"):
        context |= cache.get_or_set("office:front", _read, KEPT_S) or {}
    return context


def _read() -> dict[str, Any]:
    now = clock.now()
    found = figures.read(now)
    return {"figures": found, "concerns": attention.of(found, now), "ledger_check": checking.newest()}
