"""Writes request rows. The ledger calls it inside the transaction that settles their holds (promise P5)."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec


class RequestRow(msgspec.Struct, frozen=True):
    """Everything ``activity.models.Request`` keeps, except what only the ledger knows: the amount charged and who paid."""

    id: UUID
    organization_id: UUID
    project_id: UUID
    api_key_id: UUID | None
    user_id: UUID | None
    created_at: datetime
    model: str
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
