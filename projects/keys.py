"""API keys: ``clod_sk_<id:12>_<secret:43><crc32:6>``, base62.

The checksum refuses typos without a visit to the database and makes leaked keys findable. Of the secret (32 random
bytes) only an HMAC under a pepper from the environment is stored; the newest pepper writes, all configured ones verify.
"""

import hmac
import secrets
import zlib
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings

from accounts.models import User
from clod_site.lib import clock, crypto, ids
from projects.models import ApiKey, Project

PREFIX = "clod_sk_"
ID_WIDTH, SECRET_WIDTH, CHECKSUM_WIDTH = 12, 43, 6
LENGTH = len(PREFIX) + ID_WIDTH + 1 + SECRET_WIDTH + CHECKSUM_WIDTH


class Parts(NamedTuple):
    public_id: str
    secret: str


def generate(
    project: Project, *, name: str, actor: User | None, expires_at: datetime | None = None, caps: Mapping[str, int | None] | None = None
) -> tuple[ApiKey, str]:
    """A new key and its full text, which is shown once and kept nowhere. ``caps`` are columns of ``ApiKey``; none means no cap."""
    public_id = ids.random_base62(ID_WIDTH)
    secret = ids.base62(int.from_bytes(secrets.token_bytes(32), "big"), SECRET_WIDTH)
    pepper = settings.CLOD_KEY_PEPPERS[0]
    api_key = ApiKey.objects.create(
        project=project,
        name=name,
        public_id=public_id,
        digest=crypto.peppered_digest(secret, pepper),
        pepper_id=crypto.pepper_id(pepper),
        created_by=actor,
        expires_at=expires_at,
        **(caps or {}),
    )
    return api_key, f"{PREFIX}{public_id}_{secret}{_checksum(public_id, secret)}"


def revoke(api_key: ApiKey, *, actor: User | None) -> None:
    """From the moment this returns the key starts no call, on any process. Revoking twice keeps the first instant."""
    ApiKey.objects.filter(pk=api_key.pk, revoked_at=None).update(revoked_at=clock.now(), revoked_by=actor)
    api_key.refresh_from_db(fields=["revoked_at", "revoked_by"])


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
