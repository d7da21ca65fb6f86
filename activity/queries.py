"""Reading the log of requests: what an organization may see, page by page, and as JSON."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from activity import anatomy
from activity.models import Request
from billing.models import Attempt
from clod_site.lib import ids, money
from clod_site.lib.refusal import Refusal

PAGE = 50
MAX_PAGE = 200


def of(organization_id: UUID) -> QuerySet[Request]:
    """An organization's requests, newest first, with all that ``as_json`` and the table need of other tables."""
    rows = Request.objects.filter(organization_id=organization_id)
    return rows.select_related("project", "api_key", "price_tick").order_by("-id")


def find(organization_id: UUID, public_id: str) -> Request | None:
    """The organization's request of this public id; None for anybody else's, or none at all."""
    request_id = ids.parse_public("req", public_id)
    return of(organization_id).filter(id=request_id).first() if request_id else None


@dataclass(frozen=True)
class Page:
    """Rows, and the cursor of the next page (empty: this is the last)."""

    rows: list[Request]
    next_cursor: str


def limit_of(text: str) -> int:
    """Rows of a page, as a program asks for them; Refusal for what is no number from 1 to 200."""
    if not text:
        return PAGE
    if re.fullmatch("[0-9]{1,3}", text) and 1 <= int(text) <= MAX_PAGE:
        return int(text)
    raise Refusal(f"limit must be a whole number from 1 to {MAX_PAGE}; left out, it is {PAGE}.", param="limit")


def page(rows: QuerySet[Request], cursor: str, limit: int = PAGE) -> Page:
    """Keyset paging: rows older than the cursor's request, without their price and routing. A malformed cursor starts at the newest."""
    before = ids.parse_public("req", cursor)
    rows = rows.select_related(None).prefetch_related("project", "api_key").defer("routing")
    found = list((rows.filter(id__lt=before) if before else rows)[: limit + 1])
    return Page(found[:limit], ids.public("req", found[limit - 1].id) if len(found) > limit else "")


def neighbours(row: Request) -> dict[str, Request | None]:
    """The organization's next ``newer`` and next ``older`` request."""
    rows = Request.objects.filter(organization_id=row.organization_id).only("id")
    return {
        "newer": rows.filter(id__gt=row.id).order_by("id").first(),
        "older": rows.filter(id__lt=row.id).order_by("-id").first(),
    }


def attempts_of(row: Request) -> list[Attempt]:
    found = Attempt.objects.filter(request_id=row.id).select_related("endpoint__provider", "endpoint__data_center")
    return list(found.order_by("number"))


def as_json(row: Request, attempts: Sequence[Attempt] | None = None) -> dict[str, Any]:
    """A request for programs. Money as a number and as exact text, in dollars; instants in UTC.

    With its attempts (of a single request) it also tells the attempts and why this endpoint was chosen.
    """
    told = {
        "id": ids.public("req", row.id),
        "object": "request",
        "created_at": instant(row.created_at),
        "project": {"id": ids.public("proj", row.project_id), "name": row.project.name},
        "api_key": {"prefix": row.api_key.prefix, "name": row.api_key.name} if row.api_key else None,
        "source": "api" if row.api_key_id else "studio",
        "model": row.model,
        "operation": row.operation or None,
        "requested_model": row.requested_model,
        "provider": row.provider,
        "data_center": row.data_center or None,
        "price_tick": row.price_tick_id,
        "status": row.status,
        "error_code": row.error_code or None,
        "finish_reason": row.finish_reason or None,
        "stream": row.is_stream,
        **_usage(row),
        "ttft_ms": row.ttft_ms,
        "latency_ms": row.latency_ms,
        "attempts": row.attempts,
    }
    return told if attempts is None else told | {"attempt_list": list(_attempts(attempts)), "routing": anatomy.routing(row)}


def _usage(row: Request) -> dict[str, Any]:
    return {
        "prompt_tokens": row.prompt_tokens,
        "completion_tokens": row.completion_tokens,
        "total_tokens": row.prompt_tokens + row.completion_tokens,
        "cached_tokens": row.cached_tokens,
        "reasoning_tokens": row.reasoning_tokens,
        "cost": money.as_number(row.cost_nanousd),
        "cost_usd": money.as_text(row.cost_nanousd),
        "list_cost_usd": money.as_text(row.list_cost_nanousd),
        "fee_usd": money.as_text(row.fee_nanousd),
        "paid_by": row.paid_by,
        "energy_wh": None if row.energy_uwh is None else row.energy_uwh / 1_000_000,
        "electricity_usd": _usd(row.electricity_picousd),
        "electricity_average_usd": _usd(row.electricity_average_picousd),
        "is_estimated": row.is_estimated,
        "is_usage_suspect": row.is_usage_suspect,
    }


def _usd(picousd: int | None) -> str | None:
    return None if picousd is None else money.picousd_as_text(picousd)


def _attempts(attempts: Iterable[Attempt]) -> Iterable[dict[str, Any]]:
    for attempt in attempts:
        site = attempt.endpoint.data_center
        yield {
            "number": attempt.number,
            "provider": attempt.endpoint.provider.slug,
            "data_center": site.slug if site else None,
            "started_at": instant(attempt.started_at),
            "first_byte_ms": attempt.first_byte_ms,
            "latency_ms": attempt.latency_ms,
            "outcome": attempt.outcome,
        }


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-11-22T12:00:00.000Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
