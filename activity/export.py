"""The log as CSV: what a filter shows, ready for a spreadsheet and harmless in one."""

import csv
from collections.abc import Iterator

from django.db.models import QuerySet

from activity.models import Request
from activity.queries import instant
from clod_site.lib import ids, money

MAX_ROWS = 50_000
COLUMNS = (
    "id created_at project api_key model requested_model provider data_center price_tick status error_code finish_reason stream "
    "prompt_tokens completion_tokens cost_usd list_cost_usd fee_usd paid_by ttft_ms latency_ms attempts estimated"
).split()
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file for ``csv.writer`` that hands each line straight back."""

    def write(self, line: str) -> str:
        return line


def lines(rows: QuerySet[Request]) -> Iterator[str]:
    """CSV text line by line, the newest ``MAX_ROWS`` requests; the table is never in memory as a whole."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in rows[:MAX_ROWS].iterator(chunk_size=500):
        yield writer.writerow([harmless(cell) for cell in _cells(row)])


def harmless(cell: object) -> object:
    """Text a spreadsheet would run as a formula gets an apostrophe in front, which shows it as text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _cells(row: Request) -> list[object]:
    return [
        ids.public("req", row.id),
        instant(row.created_at),
        row.project.name,
        row.api_key.name if row.api_key else "Studio",
        row.model,
        row.requested_model,
        row.provider,
        row.data_center,
        row.price_tick_id,
        row.status,
        row.error_code,
        row.finish_reason,
        row.is_stream,
        row.prompt_tokens,
        row.completion_tokens,
        money.as_text(row.cost_nanousd),
        money.as_text(row.list_cost_nanousd),
        money.as_text(row.fee_nanousd),
        row.paid_by,
        row.ttft_ms,
        row.latency_ms,
        row.attempts,
        row.is_estimated,
    ]
