"""The log as CSV: what a filter shows, ready for a spreadsheet and harmless in one."""

from collections.abc import Callable, Iterator

from django.db.models import QuerySet

from activity.models import Request
from activity.queries import instant
from clod_site.lib import ids, money, spreadsheet

MAX_ROWS = 50_000

COLUMNS: dict[str, Callable[[Request], object]] = {
    "id": lambda row: ids.public("req", row.id),
    "created_at": lambda row: instant(row.created_at),
    "project": lambda row: row.project.name,
    "api_key": lambda row: row.api_key.name if row.api_key else "Studio",
    "model": lambda row: row.model,
    "operation": lambda row: row.operation,
    "requested_model": lambda row: row.requested_model,
    "provider": lambda row: row.provider,
    "data_center": lambda row: row.data_center,
    "price_tick": lambda row: row.price_tick_id,
    "status": lambda row: row.status,
    "error_code": lambda row: row.error_code,
    "finish_reason": lambda row: row.finish_reason,
    "stream": lambda row: row.is_stream,
    "prompt_tokens": lambda row: row.prompt_tokens,
    "completion_tokens": lambda row: row.completion_tokens,
    "cost_usd": lambda row: money.as_text(row.cost_nanousd),
    "list_cost_usd": lambda row: money.as_text(row.list_cost_nanousd),
    "fee_usd": lambda row: money.as_text(row.fee_nanousd),
    "energy_wh": lambda row: None if row.energy_uwh is None else f"{row.energy_uwh / 1_000_000:.6f}",
    "electricity_usd": lambda row: None if row.electricity_picousd is None else money.picousd_as_text(row.electricity_picousd),
    "electricity_average_usd": lambda row: (
        None if row.electricity_average_picousd is None else money.picousd_as_text(row.electricity_average_picousd)
    ),
    "paid_by": lambda row: row.paid_by,
    "ttft_ms": lambda row: row.ttft_ms,
    "latency_ms": lambda row: row.latency_ms,
    "attempts": lambda row: row.attempts,
    "estimated": lambda row: row.is_estimated,
}


def lines(rows: QuerySet[Request]) -> Iterator[str]:
    """CSV text line by line, the newest ``MAX_ROWS`` requests; the table is never in memory as a whole."""
    yield from spreadsheet.lines([list(COLUMNS)])
    yield from spreadsheet.lines(_cells(row) for row in rows[:MAX_ROWS].iterator(chunk_size=500))


def _cells(row: Request) -> list[object]:
    return [spreadsheet.harmless(cell(row)) for cell in COLUMNS.values()]
