"""How a project's bodies are stored, frozen, for the gateway."""

import logging
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from clod_site.lib import jwe
from projects.models import BodyLogging, Project, Recipient

log = logging.getLogger("projects")


class BodyPolicy(msgspec.Struct, frozen=True):
    """``mode`` is a BodyLogging. Sealed without a recipient stores nothing."""

    mode: str = BodyLogging.OFF
    days: int = 0
    recipients: tuple[jwe.Recipient, ...] = ()

    def stores(self) -> bool:
        return self.mode == BodyLogging.PLAIN or (self.mode == BodyLogging.SEALED and bool(self.recipients))


OFF = BodyPolicy()


def of(project: Project) -> BodyPolicy:
    if project.body_logging == BodyLogging.OFF:
        return OFF
    is_sealed = project.body_logging == BodyLogging.SEALED
    return BodyPolicy(project.body_logging, project.body_days, _usable(project.pk) if is_sealed else ())


def in_use(project_id: UUID) -> QuerySet[Recipient]:
    """The recipients that bodies are sealed to, oldest first."""
    return Recipient.objects.filter(project_id=project_id, proven_at__isnull=False, revoked_at=None).order_by("created_at")


def _usable(project_id: UUID) -> tuple[jwe.Recipient, ...]:
    """A row that somebody has spoilt in the database is left out, loudly."""
    found = []
    for row in in_use(project_id):
        try:
            recipient = jwe.recipient(row.jwk)
        except (jwe.BadKey, AttributeError) as error:
            log.error("recipient %s of project %s cannot be sealed to: %s", row.kid, project_id, error)
            continue
        if recipient.kid == row.kid:
            found.append(recipient)
        else:
            log.error("recipient %s of project %s has the key of another: %s", row.kid, project_id, recipient.kid)
    return tuple(found)
