"""Reading what was said: which body a request has, or why it has none."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from activity.models import Body, Request
from clod_site.lib import clock, ids
from projects.models import BodyLogging, Recipient


@dataclass(frozen=True)
class Kept:
    """What pages tell of a request's body before it is loaded. ``state`` is plain, sealed or none; ``why`` says why there is none.

    ``recipients`` are the kid and name of each key that it is sealed to; a key that is no recipient of the project any more has no name.
    """

    state: str
    why: str = ""
    recipients: tuple[tuple[str, str], ...] = ()

    @property
    def kids(self) -> str:
        return " ".join(kid for kid, _ in self.recipients)


def readable() -> QuerySet[Body]:
    """Bodies whose days are not over; those are deleted a little later."""
    return Body.objects.filter(delete_at__gt=clock.now())


def find(row: Request) -> Body | None:
    return readable().filter(pk=row.pk, organization_id=row.organization_id).first()


def kept(row: Request) -> Kept:
    body = readable().filter(pk=row.pk, organization_id=row.organization_id).defer("content").first()
    if body is None:
        return Kept("none", why=why_none(row))
    return Kept("sealed", recipients=_named(row.project_id, body.kids.split())) if body.is_sealed else Kept("plain")


def _named(project_id: UUID, kids: list[str]) -> tuple[tuple[str, str], ...]:
    names = dict(Recipient.objects.filter(project_id=project_id, kid__in=kids).values_list("kid", "name"))
    return tuple((kid, names.get(kid, "")) for kid in kids)


def why_none(row: Request) -> str:
    project = row.project
    if project.body_logging == BodyLogging.OFF:
        return f"Not stored: body logging of {project.name} is off. What was stored before may have been deleted when it was switched off."
    if row.created_at < clock.now() - timedelta(days=project.body_days):
        return f"Not stored any more: {project.name} keeps prompts and answers for {project.body_days} days, and this one is older."
    return "Not stored: body logging was off when this was sent, there was no key to seal it to, or it has been deleted since."


def as_json(row: Request, body: Body | None) -> dict[str, Any]:
    """A request's body for programs: ``jwe`` of one that is sealed, ``body`` of one that is not, ``why`` where there is none."""
    if body is None:
        return {"request": ids.public("req", row.pk), "project": ids.public("proj", row.project_id), "why": why_none(row)}
    return as_kept(body)


def as_kept(body: Body) -> dict[str, Any]:
    """``jwe`` of one that is sealed, ``body`` of one that is not."""
    told = {"request": ids.public("req", body.pk), "project": ids.public("proj", body.project_id), "sealed": body.is_sealed}
    return told | {"jwe" if body.is_sealed else "body": content_of(body)}


def content_of(body: Body) -> Any:
    """None for one that somebody has spoilt in the database: whoever opens it says that it is none."""
    try:
        return json.loads(body.content)
    except ValueError:
        return None
