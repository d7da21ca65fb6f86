"""An organization's log of requests, to its owner as data."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Organization
from activity import queries

AT_ONCE = 500


def exported(organization: Organization, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    """Newest first; what was said is not in the log."""
    rows = queries.of(organization.pk).iterator(chunk_size=AT_ONCE)
    return {"requests": (queries.as_json(row) for row in rows)}
