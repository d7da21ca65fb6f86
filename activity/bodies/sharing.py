"""Giving a recipient bodies that were sealed before it was one: somebody whose key opens them wraps their content keys once more.

The browser does that; here the entries it made are added, and nothing else of a body can change.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Length

from activity.bodies import queries
from activity.models import Body
from clod_site.lib import ids, jwe
from projects.models import Recipient

AT_ONCE, PAGE_CHARACTERS = 20, 8 * 1024 * 1024


def sealed(project_id: UUID) -> QuerySet[Body]:
    return queries.readable().filter(project_id=project_id, is_sealed=True)


def missing(recipient: Recipient) -> QuerySet[Body]:
    """The bodies of its project that are not sealed to it, newest first."""
    return sealed(recipient.project_id).exclude(kids__contains=f" {recipient.kid} ").order_by("-id")


@dataclass(frozen=True)
class Page:
    """Bodies, and the cursor of the next page (empty: this is the last)."""

    bodies: list[Body]
    next_cursor: str


def page(recipient: Recipient, cursor: str) -> Page:
    """At most twenty, and fewer where they are large; a malformed cursor starts at the newest."""
    before = ids.parse_public("req", cursor)
    rows = missing(recipient).filter(id__lt=before) if before else missing(recipient)
    sizes = list(rows.annotate(size=Length("content")).values_list("id", "size")[: AT_ONCE + 1])
    taken: list[UUID] = []
    characters = 0
    for body_id, size in sizes[:AT_ONCE]:
        characters += size
        if taken and characters > PAGE_CHARACTERS:
            break
        taken.append(body_id)
    has_more = len(sizes) > len(taken)
    return Page(list(Body.objects.filter(pk__in=taken).order_by("-id")), ids.public("req", taken[-1]) if has_more else "")


def add(recipient: Recipient, entries: Iterable[tuple[str, Mapping[str, Any]]]) -> tuple[int, list[dict[str, str]]]:
    """Each entry to the body of its request, under that row's lock, in a transaction of the caller's.

    How many were added, and ``{"request", "why"}`` of those that were not. One that is sealed to the recipient already counts as neither.
    """
    wanted = dict(entries)
    known = {public_id: ids.parse_public("req", public_id) for public_id in wanted}
    rows = sealed(recipient.project_id).select_for_update().filter(pk__in=filter(None, known.values())).order_by("id")
    locked = {ids.public("req", body.pk): body for body in rows}
    added, refused = 0, []
    for request, entry in wanted.items():
        try:
            added += _add(locked.get(request), entry, recipient.kid)
        except jwe.BadEntry as why:
            refused.append({"request": request, "why": str(why)})
    return added, refused


def _add(body: Body | None, entry: Mapping[str, Any], kid: str) -> bool:
    if body is None:
        raise jwe.BadEntry("It has been deleted meanwhile.")
    if kid in body.kids.split():
        return False
    try:
        body.content = jwe.with_entry(body.content, entry, kid)
    except jwe.BadEntry:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise jwe.BadEntry("What is stored is no sealed body any more.") from error
    body.kids += f" {kid} "
    body.save(update_fields=["content", "kids"])
    return True
