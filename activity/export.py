"""The log as a file: what a filter shows, as CSV for spreadsheets or as JSON lines for programs, of any size.

Read in pages by id, each a query of its own, so that neither this process nor the database ever holds more than a page, and no
connection is kept while a slow reader takes it. In the file is what had ended when it was asked for, however long the download takes.
The last line says so, and how many there are: a file without it is not whole.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from accounts.models import Membership
from activity import paging, queries
from activity.board import Board
from activity.filters import Filter, Span
from activity.models import Request
from activity.queries import instant
from clod_site.lib import clock, ids, money, spreadsheet
from clod_site.lib.streaming import Streamed

AT_ONCE = 1000
log = logging.getLogger("activity.export")

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


@dataclass(frozen=True)
class Format:
    """``rows`` gives a page's lines, in as many parts as are to be in memory one after the other; ``end`` is the last line."""

    name: str
    content_type: str
    head: str
    rows: Callable[[Sequence[Request]], Iterable[list[str]]]
    end: Callable[[int, datetime], str]


def streamed(form: Format, member: Membership, board: Board, filename: str) -> Streamed:
    """The file as an answer."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"', "Cache-Control": "no-store"}
    pieces = parts(form, member, board.wanted, board.span, board.mark, board.now)
    return Streamed(pieces, content_type=form.content_type, headers=headers)


def parts(form: Format, member: Membership, wanted: Filter, span: Span, mark: datetime, asked_at: datetime) -> Iterator[str]:
    """The file, a page of rows at a time. What the log line says last is whether it was taken to its end."""
    count, began, outcome = 0, clock.monotonic(), "broke off"
    log.info("%s of %s: %s of %r", member.user_id, member.organization_id, form.name, wanted.query())
    try:
        yield form.head
        for page in _pages(member, wanted, span, mark):
            for lines in form.rows([row for row in page if _ended_before(row, asked_at)]):
                count += len(lines)
                yield "".join(lines)
        yield form.end(count, asked_at)
        outcome = "whole"
    finally:
        took = clock.monotonic() - began
        log.info("%s of %s: %s %s, %d requests, %.1f s", member.user_id, member.organization_id, form.name, outcome, count, took)


def _pages(member: Membership, wanted: Filter, span: Span, mark: datetime) -> Iterator[list[Request]]:
    cursor = ""
    while True:
        page = paging.page(member.organization_id, wanted, span, mark, cursor, AT_ONCE)
        give_back()
        yield page.rows
        if not page.next_cursor:
            return
        cursor = page.next_cursor


def give_back() -> None:
    """A reader may take minutes for a page; meanwhile the connection is somebody else's. The next page takes one again."""
    if not connection.in_atomic_block:
        connection.close()


def _ended_before(row: Request, instant: datetime) -> bool:
    return row.created_at + timedelta(milliseconds=row.latency_ms) <= instant


# --- formats -------------------------------------------------------------------------------------


def _csv(lines: Sequence[Sequence[object]]) -> str:
    return "".join(spreadsheet.lines(lines))


def _csv_rows(rows: Sequence[Request]) -> Iterator[list[str]]:
    yield list(spreadsheet.lines([_cells(row) for row in rows]))


def _cells(row: Request) -> list[object]:
    return [spreadsheet.harmless(cell(row)) for cell in COLUMNS.values()]


def _csv_end(count: int, asked_at: datetime) -> str:
    """In the column of ids, and with as many cells as every other line."""
    return _csv([[f"end: {count} requests that ended before {instant(asked_at)}", *[""] * (len(COLUMNS) - 1)]])


def _json_rows(rows: Sequence[Request]) -> Iterator[list[str]]:
    yield [json.dumps(queries.as_json(row)) + "\n" for row in rows]


def json_end(count: int, asked_at: datetime) -> str:
    return json.dumps({"object": "end", "requests": count, "ended_before": instant(asked_at)}) + "\n"


JSON_LINES = "application/jsonl; charset=utf-8"
FORMATS = {
    "csv": Format("csv", "text/csv; charset=utf-8", _csv([list(COLUMNS)]), _csv_rows, _csv_end),
    "jsonl": Format("jsonl", JSON_LINES, "", _json_rows, json_end),
}
