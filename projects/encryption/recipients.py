"""Adding, proving, revoking and removing the recipients of a project. Every change locks the project: two at once are one after the other.

A recipient waits until somebody has proved to hold its private key; it is in use until it is revoked; a revoked one may be proved again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from accounts.models import User
from clod_site.lib import clock, jwe
from projects.encryption import policy
from projects.models import BodyLogging, Project, Recipient

MOST = 20  # in use or waiting, of one project
LONGEST_JWK = 4000  # characters; one on P-256 has about 160


class Refused(Exception):
    """The message says why, and what to do."""


class WouldStoreNothing(Exception):
    """Nobody would be left to seal to, and nobody has said that this is meant."""


def parse(text: str) -> dict[str, str]:
    """The public members of a JWK that a person gave, as we write them. Raises Refused; the message never repeats what was given."""
    try:
        jwk = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused('This is no JWK: a public key looks like {"kty": "EC", "crv": "P-256", "x": "…", "y": "…"}.') from None
    if not isinstance(jwk, dict):
        raise Refused("This is JSON, but no JWK: a JWK is one object, with kty, crv, x and y.")
    try:
        return jwe.jwk_of(jwe.recipient(jwk).key)
    except jwe.BadKey as reason:
        raise Refused(str(reason)) from None


def add(project: Project, jwk: dict[str, str], name: str, *, actor: User) -> tuple[Recipient, bool]:
    """The recipient of that key, and whether it is new. One that waits, or was revoked, is found again under its new name.

    ``jwk`` is of ``parse``. Raises Refused for one that is in use, and where there are too many.
    """
    kid = jwe.thumbprint(jwk)
    with _locked(project):
        known = project.recipients.filter(kid=kid).first()
        if known is None:
            _keep_to_few(project)
            return Recipient.objects.create(project=project, kid=kid, jwk=jwk, name=name, created_by=actor), True
        if is_in_use(known):
            raise Refused(f"This key is a recipient already: {known.name}.")
        known.name = name
        known.save(update_fields=["name"])
        return known, False


def prove(recipient: Recipient) -> bool:
    """Bodies are sealed to it from now on. False for one that is in use already. Raises Refused where there are too many, or it is gone."""
    with _locked(recipient.project):
        try:
            recipient.refresh_from_db()
        except Recipient.DoesNotExist:
            raise Refused(f"{recipient.name} was removed meanwhile. Add the key again.") from None
        if is_in_use(recipient):
            return False
        if recipient.revoked_at:
            _keep_to_few(recipient.project)
        recipient.proven_at, recipient.revoked_at, recipient.revoked_by = clock.now(), None, None
        recipient.save(update_fields=["proven_at", "revoked_at", "revoked_by"])
        return True


def revoke(recipient: Recipient, *, actor: User, is_confirmed: bool) -> bool:
    """Nothing is sealed to it from now on. False for one that is not in use. Raises WouldStoreNothing for the last one unless confirmed."""
    with _locked(recipient.project):
        recipient.refresh_from_db()
        if not is_in_use(recipient):
            return False
        if is_last(recipient) and not is_confirmed:
            raise WouldStoreNothing
        recipient.revoked_at, recipient.revoked_by = clock.now(), actor
        recipient.save(update_fields=["revoked_at", "revoked_by"])
        return True


def remove(recipient: Recipient) -> None:
    """One that was never proved: nothing was sealed to it. Raises Refused for others, which are named in bodies."""
    with _locked(recipient.project):
        if not Recipient.objects.filter(pk=recipient.pk, proven_at=None).delete()[0]:
            raise Refused(f"{recipient.name} has been proven, so bodies may be sealed to it. Revoke it instead.")


def is_in_use(recipient: Recipient) -> bool:
    return recipient.proven_at is not None and recipient.revoked_at is None


def is_last(recipient: Recipient) -> bool:
    """Whether without it a sealed project would store nothing."""
    is_sealed = Project.objects.filter(pk=recipient.project_id, body_logging=BodyLogging.SEALED).exists()
    return is_sealed and not policy.in_use(recipient.project_id).exclude(pk=recipient.pk).exists()


def _keep_to_few(project: Project) -> None:
    if project.recipients.filter(revoked_at=None).count() >= MOST:
        raise Refused(f"A project has {MOST} recipients at most, waiting ones included. Revoke or remove one first.")


@contextmanager
def _locked(project: Project) -> Iterator[Project]:
    with transaction.atomic():
        yield Project.objects.select_for_update().get(pk=project.pk)
