"""Proof of possession: a nonce sealed to a recipient alone, which only the private key brings out again.

Nothing is kept meanwhile. The page gets the sealed nonce, and a signed note of its digest, good for ten minutes, for one recipient and
one person; several tabs have one each. An answer given twice proves the same thing once.
"""

import hashlib
import hmac
import json
import secrets
from typing import NamedTuple

from django.core import signing

from accounts.models import User
from clod_site.lib import ids, jwe
from projects.models import Recipient

PURPOSE = "prove"
LIFETIME_S = 600
_SALT = "projects.encryption.challenge"
_NONCE_BYTES = 32


class NotProven(Exception):
    """The message says why, and what to do."""


class Challenge(NamedTuple):
    """``sealed`` is a JWE of ``{"nonce": "…"}``; ``note`` comes back beside the answer, which is the nonce."""

    sealed: str
    note: str


def new(recipient: Recipient, user: User) -> Challenge:
    nonce = secrets.token_urlsafe(_NONCE_BYTES)
    to = jwe.recipient(recipient.jwk)
    sealed = jwe.seal(json.dumps({"nonce": nonce}).encode(), [to], bound_to(recipient))
    return Challenge(sealed.decode(), signing.dumps(_note(recipient, user) | {"digest": _digest(nonce)}, salt=_SALT))


def bound_to(recipient: Recipient) -> dict[str, str | int]:
    """The AAD of its challenges: they open as nothing else, and nothing else opens as one."""
    return {"v": 1, "purpose": PURPOSE, "project": ids.public("proj", recipient.project_id), "kid": recipient.kid}


def check(recipient: Recipient, user: User, note: str, answer: str) -> None:
    """Raises NotProven for anything but the answer to a challenge of this person and recipient, in time."""
    try:
        told = signing.loads(note, salt=_SALT, max_age=LIFETIME_S)
    except signing.SignatureExpired:
        raise NotProven("This took longer than ten minutes, and the challenge is no longer good. Here is a new one.") from None
    except signing.BadSignature:
        raise NotProven("This page was changed on its way. Here is a new challenge.") from None
    digest = told.pop("digest")
    if told != _note(recipient, user):
        raise NotProven("This challenge was for another recipient or person, or from before it was revoked. Here is a new one.")
    if not hmac.compare_digest(digest, _digest(answer.strip())):
        raise NotProven("That is not the answer to this challenge: nothing is proven. Open the challenge on this page, and answer it.")


def _note(recipient: Recipient, user: User) -> dict[str, str]:
    revoked = recipient.revoked_at.isoformat() if recipient.revoked_at else ""
    return {"recipient": str(recipient.pk), "user": str(user.pk), "revoked": revoked}


def _digest(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()
