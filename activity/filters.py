"""Which requests a page shows: the filter in the address, read and written back the same way."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from activity.models import Request, Status
from clod_site.lib import ids

RANGES: dict[str, tuple[str, timedelta | None]] = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
    "all": ("All time", None),
}
DEFAULT_RANGE = "24h"
ERRORS = "errors"
FAILED = (Status.TRUNCATED, Status.UPSTREAM_ERROR, Status.REJECTED, Status.EXPIRED)
STATUSES = {ERRORS: "All errors"} | {status.value: status.label.capitalize() for status in Status}
STUDIO = "studio"


@dataclass(frozen=True)
class Filter:
    """Empty text means "any". ``project`` is a public id, ``key`` the public part of an API key or ``studio``."""

    model: str = ""
    project: str = ""
    key: str = ""
    status: str = ""
    range: str = DEFAULT_RANGE

    @property
    def is_narrowed(self) -> bool:
        return bool(self.model or self.project or self.key or self.status)

    @property
    def label(self) -> str:
        return RANGES[self.range][0]

    def query(self, **changes: str) -> str:
        """The address's query string, without what is at its default."""
        chosen = replace(self, **changes)
        parts = {name: getattr(chosen, name) for name in ("model", "project", "key", "status")}
        if chosen.range != DEFAULT_RANGE:
            parts["range"] = chosen.range
        return urlencode({name: value for name, value in parts.items() if value})


def read(query: QueryDict) -> Filter:
    """The filter an address asks for; values that mean nothing are dropped rather than refused."""
    status, span = query.get("status", ""), query.get("range", DEFAULT_RANGE)
    return Filter(
        model=query.get("model", "")[:80].replace("\x00", ""),
        project=query.get("project", ""),
        key=query.get("key", "")[:12].replace("\x00", ""),
        status=status if status in STATUSES else "",
        range=span if span in RANGES else DEFAULT_RANGE,
    )


def apply(rows: QuerySet[Request], wanted: Filter, now: datetime) -> QuerySet[Request]:
    """Rows that match; a project or key of somebody else simply matches nothing."""
    rows = _since(rows, wanted, now)
    if wanted.model:
        rows = rows.filter(model=wanted.model)
    if wanted.project:
        rows = rows.filter(project_id=ids.parse_public("proj", wanted.project) or UUID(int=0))
    if wanted.key:
        rows = rows.filter(api_key__isnull=True) if wanted.key == STUDIO else rows.filter(api_key__public_id=wanted.key)
    if wanted.status:
        rows = rows.filter(status__in=FAILED) if wanted.status == ERRORS else rows.filter(status=wanted.status)
    return rows


def _since(rows: QuerySet[Request], wanted: Filter, now: datetime) -> QuerySet[Request]:
    """Ids begin with their millisecond, so a time range is a range of ids: the index that pages also filters."""
    span = RANGES[wanted.range][1]
    return rows.filter(id__gte=first_id(now - span)) if span else rows


def first_id(instant: datetime) -> UUID:
    """The smallest UUIDv7 of an instant's millisecond."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)
