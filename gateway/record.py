"""What stays of a call: its request row and its attempts, written in the transaction that settles it."""

from datetime import datetime
from uuid import UUID

import msgspec

from activity.models import Status
from activity.recorder import RequestRow
from billing.holds import Keepsake, Outcome
from clod_site.lib.refusal import Refusal
from gateway.bill import Bill, Plan
from gateway.meter import Reading
from gateway.upstream import Attempt

NOTHING = Reading(0, 0)


class Ending(msgspec.Struct):
    """How a call ended, a word of ``activity.models.Status``; and whether that is something to pay for."""

    status: str = Status.OK.value
    is_charged: bool = True
    error: Refusal | None = None


class Times(msgspec.Struct):
    created_at: datetime
    ttft_ms: int | None = None
    latency_ms: int = 0


def outcome(
    request_id: UUID,
    plan: Plan,
    bill: Bill,
    ending: Ending,
    reading: Reading,
    finish_reason: str,
    times: Times,
    attempts: list[Attempt],
    upstream_cost_nanousd: int,
    keepsake: Keepsake | None = None,
) -> Outcome:
    """Everything the ledger needs to settle the hold and to write the rows beside it. The last attempt, which answered, is what the
    upstream bills us for."""
    counted = reading if ending.is_charged else NOTHING
    charge, footprint = bill.charge(counted), bill.footprint(counted)
    row = RequestRow(
        id=request_id,
        organization_id=plan.grant.organization_id,
        project_id=plan.grant.project_id,
        api_key_id=plan.grant.api_key_id,
        user_id=plan.grant.user_id,
        created_at=times.created_at,
        model=bill.card.slug,
        operation=plan.ask.operation,
        requested_model=plan.ask.model[:200],
        provider=bill.route.provider,
        data_center=bill.route.data_center,
        price_tick_id=bill.tick.id,
        status=ending.status,
        error_code=ending.error.code if ending.error else "",
        finish_reason=finish_reason[:40],
        is_stream=plan.ask.is_stream,
        prompt_tokens=counted.prompt_tokens,
        completion_tokens=counted.completion_tokens,
        cached_tokens=counted.cached_tokens,
        reasoning_tokens=counted.reasoning_tokens,
        list_cost_nanousd=charge.list_cost,
        fee_nanousd=charge.fee,
        is_estimated=counted.is_estimated,
        is_usage_suspect=counted.is_suspect,
        attempts=len(attempts),
        ttft_ms=times.ttft_ms,
        latency_ms=times.latency_ms,
        routing=plan.explanation,
        energy_uwh=footprint.energy_uwh if footprint else None,
        electricity_picousd=footprint.electricity_picousd if footprint else None,
        electricity_average_picousd=footprint.average_picousd if footprint else None,
    )
    rows = [attempt.row(upstream_cost_nanousd if attempt is attempts[-1] else 0) for attempt in attempts]
    return Outcome(charge.cost, row, tuple(rows), keepsake)
