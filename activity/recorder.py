"""Writes request rows. The ledger calls it inside the transaction that settles their holds (promise P5)."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from billing.ledger.cleaning import clamp, storable, storable_json
from billing.ledger.recording import Record
from billing.ledger.store import Column, Insert, Row, Select, Store, columns_of
from clod_site.lib.money import BASIS_POINTS, ceil_div

COLUMNS = (
    "id", "organization", "project", "api_key", "user", "created_at",
    "model", "operation", "requested_model", "provider", "data_center", "price_tick",
    "status", "error_code", "finish_reason", "is_stream", "paid_by",
    "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens",
    "cost_nanousd", "list_cost_nanousd", "fee_nanousd", "is_estimated", "is_usage_suspect",
    "attempts", "ttft_ms", "latency_ms", "routing",
    "energy_uwh", "electricity_picousd", "electricity_average_picousd",
)  # fmt: skip
SERVED = Select(
    (
        Column("t.id", "bigint"),
        Column("m.slug", "text"),
        Column("p.slug", "text"),
        Column("d.slug", "text"),
        Column("t.fee_basis_points", "integer"),
    ),
    "catalog_pricetick AS t JOIN catalog_endpoint AS e ON e.id = t.endpoint_id JOIN catalog_model AS m ON m.id = e.model_id "
    "JOIN catalog_provider AS p ON p.id = e.provider_id LEFT JOIN catalog_datacenter AS d ON d.id = e.data_center_id",
    (Column("t.id", "bigint"),),
)


class RequestRow(msgspec.Struct, frozen=True):
    """Everything ``activity.models.Request`` keeps, except what only the ledger knows: the amount charged and who paid."""

    id: UUID
    organization_id: UUID
    project_id: UUID
    api_key_id: UUID | None
    user_id: UUID | None
    created_at: datetime
    model: str
    operation: str
    requested_model: str
    provider: str
    data_center: str
    price_tick_id: int | None
    status: str
    error_code: str
    finish_reason: str
    is_stream: bool
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    list_cost_nanousd: int
    fee_nanousd: int
    is_estimated: bool
    is_usage_suspect: bool
    attempts: int
    ttft_ms: int | None
    latency_ms: int
    routing: dict[str, Any]
    energy_uwh: int | None = None
    electricity_picousd: int | None = None
    electricity_average_picousd: int | None = None


class Recorder:
    table = "activity_request"

    def insert(self, store: Store, records: Sequence[Record]) -> None:
        """One row for each record. What the gateway could not tell is rebuilt from the hold: its tick, endpoint and model."""
        untold = {(record.price_tick_id,) for record in records if record.row is None}
        served = {tick: facts for tick, *facts in store.select(SERVED, sorted(untold))()} if untold else {}
        store.insert(_statement(), [_values(record, record.row or _rebuilt(record, served)) for record in records])


@cache
def _statement() -> Insert:
    from activity.models import Request

    return Insert(Request._meta.db_table, columns_of(Request, *COLUMNS))


def _rebuilt(record: Record, served: dict[int, list[Any]]) -> RequestRow:
    """A call whose process died, or whose row the database refused: what it cost is known, how it went is not."""
    model, provider, data_center, fee_bp = served[record.price_tick_id]
    return RequestRow(
        id=record.request_id,
        organization_id=record.organization_id,
        project_id=record.project_id,
        api_key_id=record.api_key_id,
        user_id=None,
        created_at=record.created_at,
        model=model,
        operation="",
        requested_model=model,
        provider=provider,
        data_center=data_center or "",
        price_tick_id=record.price_tick_id,
        status=STATUS_OF_ENDING[record.ending],
        error_code="",
        finish_reason="",
        is_stream=False,
        prompt_tokens=0,
        completion_tokens=0,
        cached_tokens=0,
        reasoning_tokens=0,
        list_cost_nanousd=record.charged_nanousd,
        fee_nanousd=record.charged_nanousd - ceil_div(record.charged_nanousd * BASIS_POINTS, BASIS_POINTS + fee_bp),
        is_estimated=True,
        is_usage_suspect=False,
        attempts=0,
        ttft_ms=None,
        latency_ms=int((record.settled_at - record.created_at).total_seconds() * 1000),
        routing={},
    )


STATUS_OF_ENDING = {"captured": "ok", "voided": "upstream_error", "expired": "expired"}


def _values(record: Record, row: RequestRow) -> Row:
    """In the order of COLUMNS, made to fit. The fee is a part of what was charged, also where the hold charged less."""
    return (
        record.request_id,
        record.organization_id,
        record.project_id,
        record.api_key_id,
        row.user_id,
        row.created_at,
        storable(row.model, 80),
        row.operation,
        storable(row.requested_model, 200),
        storable(row.provider, 80),
        storable(row.data_center, 80),
        row.price_tick_id,
        row.status,
        storable(row.error_code, 60),
        storable(row.finish_reason, 40),
        row.is_stream,
        record.paid_by,
        clamp(row.prompt_tokens, 63),
        clamp(row.completion_tokens, 63),
        clamp(row.cached_tokens, 63),
        clamp(row.reasoning_tokens, 63),
        record.charged_nanousd,
        clamp(row.list_cost_nanousd, 63),
        min(clamp(row.fee_nanousd, 63), record.charged_nanousd),
        row.is_estimated,
        row.is_usage_suspect,
        clamp(row.attempts, 15),
        clamp(row.ttft_ms, 31),
        clamp(row.latency_ms, 31),
        _explained(row.routing),
        clamp(row.energy_uwh, 63),
        clamp(row.electricity_picousd, 63),
        clamp(row.electricity_average_picousd, 63),
    )


def _explained(routing: dict[str, Any]) -> str:
    """As JSON. Most have nothing in them that a database would not take, and are not looked through."""
    try:
        text = msgspec.json.encode(routing).decode()
    except (ValueError, TypeError):  # half a surrogate pair, or what JSON has no word for
        text = "\\u0000"
    return msgspec.json.encode(storable_json(routing)).decode() if "\\u0000" in text else text
