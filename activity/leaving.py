"""An organization's log of requests, to its owner as data."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Organization
from activity import queries
from activity.bodies import queries as bodies

AT_ONCE, BODIES_AT_ONCE = 500, 8


def exported(organization: Organization, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    """Newest first. What was said is there as it is stored: what is sealed stays sealed."""
    rows = queries.of(organization.pk).iterator(chunk_size=AT_ONCE)
    said = bodies.readable().filter(organization=organization).order_by("-id").iterator(chunk_size=BODIES_AT_ONCE)
    return {"requests": (queries.as_json(row) for row in rows), "prompts_and_answers": map(bodies.as_kept, said)}
