"""The audit log as owners and admins read it: newest first, page by page or as CSV, as far as a filter lets it through."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import Organization, User
from clod_site.lib import ids, spreadsheet
from clod_site.lib.ranges import ALL, RANGES
from team.deeds import DEEDS, GROUPS, NEW, of_group
from team.models import AuditEvent

PAGE = 50
MOST_ROWS = 50_000
COLUMNS = ("id", "created_at", "who", "deed", "target", "target_id", "changes", "address", "browser")


@dataclass(frozen=True)
class Filter:
    """``group`` is one of GROUPS', ``who`` the id of a person; empty for any."""

    group: str = ""
    who: str = ""
    range: str = ALL

    def query(self, **changes: str) -> str:
        """The address's query string, without what is at its default."""
        chosen = replace(self, **changes)
        parts = {"group": chosen.group, "who": chosen.who, "range": "" if chosen.range == ALL else chosen.range}
        return urlencode({name: value for name, value in parts.items() if value})


@dataclass(frozen=True)
class Row:
    """An event, and how it is told."""

    event: AuditEvent

    @property
    def deed(self) -> str:
        return DEEDS.get(self.event.deed, self.event.deed)

    @property
    def is_new(self) -> bool:
        """Whether only what it is now says something."""
        return self.event.deed in NEW

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        return [(name, before, after) for name, (before, after) in self.event.details.items()]


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    next_cursor: str


def read(query: QueryDict) -> Filter:
    """The filter an address asks for; values that mean nothing are dropped rather than refused."""
    group, who, span = query.get("group", ""), query.get("who", ""), query.get("range", ALL)
    return Filter(group if group in GROUPS else "", who if _person(who) else "", span if span in RANGES else ALL)


def people(organization: Organization) -> list[tuple[str, str]]:
    """Members, for the filter, by their public ids."""
    rows = User.objects.filter(memberships__organization=organization).order_by("email")
    return [(ids.public("user", pk), email) for pk, email in rows.values_list("pk", "email")[:200]]


def page(organization: Organization, wanted: Filter, now: datetime, *, cursor: str = "") -> Page:
    rows = _events(organization, wanted, now)
    before = ids.parse_public("evt", cursor)
    found = list((rows.filter(id__lt=before) if before else rows)[: PAGE + 1])
    return Page([Row(event) for event in found[:PAGE]], ids.public("evt", found[PAGE - 1].pk) if len(found) > PAGE else "")


def csv_lines(organization: Organization, wanted: Filter, now: datetime) -> Iterator[str]:
    """The newest MOST_ROWS events."""
    yield from spreadsheet.lines([COLUMNS])
    yield from spreadsheet.lines(_cells(Row(event)) for event in _events(organization, wanted, now)[:MOST_ROWS].iterator(chunk_size=500))


def _events(organization: Organization, wanted: Filter, now: datetime) -> QuerySet[AuditEvent]:
    found = AuditEvent.objects.filter(organization=organization).order_by("-id")
    if wanted.group:
        found = found.filter(deed__in=of_group(wanted.group))
    if who := _person(wanted.who):
        found = found.filter(actor_id=who)
    span = RANGES[wanted.range][1]
    return found.filter(created_at__gte=now - span) if span else found


def _person(text: str) -> UUID | None:
    return ids.parse_public("user", text)


def _cells(row: Row) -> tuple[object, ...]:
    event = row.event
    changes = "; ".join(f"{name}: {before} → {after}" for name, before, after in row.changes)
    text = (event.actor_email, event.deed, event.target_name, event.target_id, changes, event.address or "", event.agent)
    instant = event.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return (ids.public("evt", event.pk), instant, *(spreadsheet.harmless(cell) for cell in text))
