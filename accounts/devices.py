"""Log-in sessions as people know them: this laptop, that phone; each can be logged out from another one."""

from dataclasses import dataclass
from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.usersessions.internal.flows.sessions import end_other_sessions, end_sessions
from allauth.usersessions.models import UserSession
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.http import Http404, HttpRequest

from accounts.models import User
from clod_site.lib import clock

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"))
SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS")),
    *(("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")),
)


@dataclass(frozen=True)
class Device:
    """``id`` is the row's; ``address`` is the one on the net that was seen last."""

    id: int
    name: str
    address: str
    since: datetime
    seen: datetime
    is_this: bool


def of(request: HttpRequest) -> list[Device]:
    """The reader's devices that are still logged in, this one first, then the one used last. Two queries, however many there are."""
    user = request.user
    assert isinstance(user, User)
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at"))
    alive = _alive(user, [row.session_key for row in rows])
    found = [
        Device(row.pk, name(row.user_agent), row.ip, row.created_at, row.last_seen_at, row.session_key == request.session.session_key)
        for row in rows
        if row.session_key in alive
    ]
    return sorted(found, key=lambda device: not device.is_this)


def _alive(user: User, keys: list[str]) -> set[str]:
    """Sessions that have not ended, and were opened with the password of today."""
    opened_with = user.get_session_auth_hash()
    sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=clock.now())
    return {session.session_key for session in sessions if session.get_decoded().get(HASH_SESSION_KEY) == opened_with}


def note(request: HttpRequest) -> None:
    """This session is used now, from here."""
    place = {"ip": get_adapter(request).get_client_ip(request), "last_seen_at": clock.now()}
    if not UserSession.objects.filter(session_key=request.session.session_key).update(**place):
        UserSession.objects.create_from_request(request)


def end(request: HttpRequest, device_id: int) -> None:
    """Log one of the reader's devices out; 404 for anybody else's."""
    row = UserSession.objects.filter(pk=device_id, user=request.user).first()
    if row is None:
        raise Http404
    end_sessions(request, [row])


def end_others(request: HttpRequest) -> None:
    end_other_sessions(request, request.user)


def end_all(user: User) -> None:
    for row in UserSession.objects.filter(user=user):
        row.end()


def name(user_agent: str) -> str:
    """``Chrome on Linux``, as far as a browser tells."""
    browser = next((label for mark, label in BROWSERS if f"{mark}/" in user_agent), "Safari" if "Safari/" in user_agent else "")
    system = next((label for mark, label in SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (browser, system))) or user_agent[:60] or "Unknown browser"
