"""Short-lived tokens for the Studio page: ``clod_st_<secret:43>``, ten minutes, held by the page in memory only.

A token is as good as the log-in behind it: logging out, a changed password, a lost membership or an archived project
end it at once, because every look-up asks for them again.
"""

import secrets
from datetime import datetime, timedelta
from importlib import import_module
from uuid import UUID

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.utils.crypto import constant_time_compare

from accounts.access import WRITERS
from accounts.models import Membership, User
from clod_site.lib import clock, crypto, ids
from clod_site.lib.refusal import Refusal
from projects.models import Project
from studio.models import StudioToken

PREFIX = "clod_st_"
SECRET_WIDTH = 43
LENGTH = len(PREFIX) + SECRET_WIDTH
LIFETIME = timedelta(minutes=10)


class NotYours(Refusal):
    """A viewer, or somebody from elsewhere, asked for a token."""

    status, type, code = 403, "permission_error", "role_not_allowed"


def issue(user: User, project: Project, session_key: str) -> tuple[StudioToken, str]:
    """A new token and its text. Raises NotYours for viewers and outsiders. The user's expired ones are removed."""
    if not _may_call(user.pk, project):
        raise NotYours("Viewers can look but not send requests. Ask an owner or admin of the organization for the developer role.")
    now = clock.now()
    StudioToken.objects.filter(user=user, expires_at__lte=now).delete()
    secret = PREFIX + ids.base62(int.from_bytes(secrets.token_bytes(32), "big"), SECRET_WIDTH)
    digest = crypto.peppered_digest(secret, settings.CLOD_KEY_PEPPERS[0])
    sealed = {"session_key": "", "session_sealed": crypto.encrypt(session_key)}  # in clear, whoever reads the row is logged in
    token = StudioToken.objects.create(user=user, project=project, digest=digest, expires_at=now + LIFETIME, **sealed)
    return token, secret


def find(secret: str) -> StudioToken | None:
    """The token behind the text (with its user, project and organization), or None when it opens nothing any more."""
    if not secret.startswith(PREFIX) or len(secret) != LENGTH:
        return None
    digests = [crypto.peppered_digest(secret, pepper) for pepper in settings.CLOD_KEY_PEPPERS]
    token = (
        StudioToken.objects.filter(digest__in=digests, expires_at__gt=clock.now(), user__is_active=True)
        .filter(project__archived_at=None, project__organization__suspended_at=None)
        .select_related("user", "project__organization")
        .first()
    )
    return token if token and _is_logged_in(token) and _may_call(token.user_id, token.project) else None


def forget(now: datetime) -> int:
    """Remove those that have ended; how many. Safe to repeat."""
    return StudioToken.objects.filter(expires_at__lte=now).delete()[0]


def _is_logged_in(token: StudioToken) -> bool:
    """Whether the session still exists, still belongs to the user, and was opened with the password of today."""
    try:
        key = crypto.decrypt(token.session_sealed) if token.session_sealed else token.session_key
    except ValueError:  # its encryption key was taken away
        return False
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    signed = session.get(HASH_SESSION_KEY, "")
    return session.get(SESSION_KEY) == str(token.user_id) and constant_time_compare(signed, token.user.get_session_auth_hash())


def _may_call(user_id: UUID, project: Project) -> bool:
    return Membership.objects.filter(user_id=user_id, organization_id=project.organization_id, role__in=WRITERS).exists()
