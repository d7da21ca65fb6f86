"""API keys: ``clod_sk_<id:12>_<secret:43><crc32:6>``, base62.

The checksum refuses typos without a visit to the database and makes leaked keys findable. Of the secret (32 random
bytes) only an HMAC under a pepper from the environment is stored; the newest pepper writes, all configured ones verify.
"""

import hmac
import secrets
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from catalog.models import Model
from clod_site.lib import ahead, clock, crypto, ids
from clod_site.lib.at_hand import settings
from projects import telling
from projects.models import ApiKey, Project
from webhooks.event_types import KEY_CREATED, KEY_DISABLED, KEY_ENABLED, KEY_REVOKED

PREFIX = "clod_sk_"
ID_WIDTH, SECRET_WIDTH, CHECKSUM_WIDTH = 12, 43, 6
LIMITS = ("allowed_networks", "requests_per_minute", "tokens_per_minute", "daily_cap_nanousd", "monthly_cap_nanousd")
LENGTH = len(PREFIX) + ID_WIDTH + 1 + SECRET_WIDTH + CHECKSUM_WIDTH


class MadeAlready(Exception):
    """There is a key with this id. Its text was shown then, and is kept nowhere."""


class Parts(NamedTuple):
    public_id: str
    secret: str


def new_id() -> str:
    """The public part of a key to be."""
    return ids.random_base62(ID_WIDTH)


@transaction.atomic
def generate(
    project: Project,
    *,
    name: str,
    actor: User | None,
    expires_at: datetime | None = None,
    limits: Mapping[str, Any] | None = None,
    models: Iterable[Model] = (),
    public_id: str | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its full text, which is shown once and kept nowhere. ``limits`` are columns of ``ApiKey``: caps, rates, networks;
    of ``models`` none means all of its project.

    Whoever may ask twice brings a ``new_id``: the second time raises MadeAlready.
    """
    api_key, text = _make(project, name, actor, expires_at, limits or {}, models, public_id)
    telling.of_key(KEY_CREATED, api_key)
    return api_key, text


def _make(
    project: Project,
    name: str,
    actor: User | None,
    expires_at: datetime | None,
    limits: Mapping[str, Any],
    models: Iterable[Model],
    public_id: str | None,
) -> tuple[ApiKey, str]:
    public_id = public_id or new_id()
    secret = ids.base62(int.from_bytes(secrets.token_bytes(32), "big"), SECRET_WIDTH)
    pepper = settings.CLOD_KEY_PEPPERS[0]
    columns = {
        "project": project,
        "name": name,
        "digest": crypto.peppered_digest(secret, pepper),
        "pepper_id": crypto.pepper_id(pepper),
        "created_by": actor,
        "expires_at": expires_at,
    }
    api_key, is_new = ApiKey.objects.get_or_create(public_id=public_id, defaults=columns | dict(limits))
    if not is_new:
        raise MadeAlready
    api_key.allowed_models.set(models)
    return api_key, f"{PREFIX}{public_id}_{secret}{_checksum(public_id, secret)}"


@transaction.atomic
def revoke(api_key: ApiKey, *, actor: User | None) -> None:
    """From the moment this returns, or the transaction around it has ended, the key starts no call, on any process. Revoking twice keeps
    the first instant."""
    if ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=clock.now(), revoked_by=actor):
        telling.of_key(KEY_REVOKED, api_key)
    ahead.run_out(api_key_id=api_key.pk)  # also where somebody else has revoked it, and waits
    api_key.refresh_from_db(fields=["revoked_at", "revoked_by"])


@transaction.atomic
def disable(api_key: ApiKey) -> None:
    """As ``revoke``, until it is enabled again. Disabling twice keeps the first instant."""
    if ApiKey.objects.filter(pk=api_key.pk, disabled_at=None).update(disabled_at=clock.now()):
        telling.of_key(KEY_DISABLED, api_key)
    ahead.run_out(api_key_id=api_key.pk)
    api_key.refresh_from_db(fields=["disabled_at"])


@transaction.atomic
def enable(api_key: ApiKey) -> None:
    """It works again within a second, unless it was revoked or has expired."""
    if ApiKey.objects.filter(pk=api_key.pk, disabled_at__isnull=False).update(disabled_at=None):
        telling.of_key(KEY_ENABLED, api_key)
    api_key.refresh_from_db(fields=["disabled_at"])


class RotatedAlready(Exception):
    """It has a successor, which is the one to rotate."""


@transaction.atomic
def rotate(api_key: ApiKey, *, actor: User | None, overlap: timedelta, public_id: str | None = None) -> tuple[ApiKey, str]:
    """A successor: same name, project, limits, models and lifetime. The old key works for ``overlap`` yet, or is revoked at once.

    ``public_id`` as for ``generate``. Raises RotatedAlready: the successor of one that ends soon would end soon itself.
    """
    now = clock.now()
    successor_id = ApiKey.objects.select_for_update().get(pk=api_key.pk).successor_id
    if successor_id:
        raise MadeAlready if ApiKey.objects.filter(pk=successor_id, public_id=public_id).exists() else RotatedAlready
    expires_at = now + (api_key.expires_at - api_key.created_at) if api_key.expires_at else None
    limits = {name: getattr(api_key, name) for name in LIMITS}
    successor, text = _make(api_key.project, api_key.name, actor, expires_at, limits, api_key.allowed_models.all(), public_id)
    ApiKey.objects.filter(pk=api_key.pk).update(successor=successor)
    telling.of_rotation(api_key, successor, now + overlap)
    if overlap:
        _expire(api_key, now + overlap)
    else:
        revoke(api_key, actor=actor)
    return successor, text


def _expire(api_key: ApiKey, instant: datetime) -> None:
    """Never later than it would expire anyway."""
    sooner = Q(expires_at=None) | Q(expires_at__gt=instant)
    ApiKey.objects.filter(sooner, pk=api_key.pk).update(expires_at=instant)
    api_key.refresh_from_db(fields=["expires_at"])


def parse(text: str) -> Parts | None:
    """The parts of a well-formed key, or None: wrong shape, or a checksum that does not fit (a typo)."""
    if len(text) != LENGTH or not text.startswith(PREFIX) or not text.isascii():
        return None
    public_id, separator, rest = text[len(PREFIX) :].partition("_")
    secret, checksum = rest[:SECRET_WIDTH], rest[SECRET_WIDTH:]
    if not separator or len(public_id) != ID_WIDTH or not hmac.compare_digest(checksum, _checksum(public_id, secret)):
        return None
    return Parts(public_id, secret)


def matches(secret: str, digest: bytes, pepper_id: str) -> bool:
    """Whether this is the secret behind a stored digest; takes the same time for every wrong one."""
    pepper = _peppers(tuple(settings.CLOD_KEY_PEPPERS)).get(pepper_id)
    return pepper is not None and hmac.compare_digest(crypto.peppered_digest(secret, pepper), digest)


def current_pepper_id() -> str:
    return crypto.pepper_id(settings.CLOD_KEY_PEPPERS[0])


def _checksum(public_id: str, secret: str) -> str:
    return ids.base62(zlib.crc32(f"{public_id}_{secret}".encode()), CHECKSUM_WIDTH)


@lru_cache(maxsize=4)
def _peppers(peppers: tuple[str, ...]) -> dict[str, str]:
    return {crypto.pepper_id(pepper): pepper for pepper in peppers}
