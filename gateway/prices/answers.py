"""An answer of the price API as it is kept, and as it is sent: with what caches need to keep it, too."""

import gzip
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
from django.utils.http import http_date, parse_http_date_safe

from catalog.price_book import history as past
from catalog.price_book import present
from catalog.price_book.history import History
from catalog.price_book.present import Moment
from catalog.snapshot import Catalog
from clod_site.lib import clock, spreadsheet
from gateway.calls import Headers, Reply
from gateway.prices import negotiation, sheets, told
from gateway.prices.asked import DataCenterNotFound, HistoryAsk, NowAsk

COMPRESSED_FROM_BYTES = 1024
GZIP_LEVEL = 6
SLACK_S = 5  # the job takes a moment, and gateways look for its work every second
LATE_S = 10  # when prices that are due have not come: look again soon
UNSETTLED_S = 1
PAST_S = 3600  # what is over stays as it is; a model may still come to another data center
TYPES = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


class Page(msgspec.Struct, frozen=True):
    """``compressed`` is empty where that would not pay. ``renewed_at`` is when another answer is due, None for one that is over."""

    body: bytes
    compressed: bytes
    etag: str
    made_at: datetime
    format: str
    name: str
    renewed_at: datetime | None
    is_settled: bool

    @property
    def size(self) -> int:
        return len(self.body) + len(self.compressed)


def now(ask: NowAsk, catalog: Catalog, moment: Moment, *, is_late: bool) -> Page:
    found = present.of(catalog, ask.models, ask.data_centers, moment, is_late=is_late)
    body = _csv(sheets.now(found)) if ask.format == "csv" else msgspec.json.encode(told.now(found))
    return _page(body, ask.format, "clod-prices-now", moment, moment.next_update_at)


def history(ask: HistoryAsk, moment: Moment) -> Page:
    found = _narrowed(past.of(ask.model, ask.span), ask.data_centers)
    body = _csv(sheets.history(found)) if ask.format == "csv" else msgspec.json.encode(told.history(found))
    is_over = moment.as_of is not None and ask.span.end <= moment.as_of
    return _page(body, ask.format, f"clod-prices-{ask.model}", moment, None if is_over else moment.next_update_at)


def _narrowed(found: History, data_centers: Collection[str]) -> History:
    known = [line.slug for line in found.sites]
    if missing := sorted(set(data_centers).difference(known)):
        raise DataCenterNotFound(f"{found.model.name} is not at {missing[0]}. It is at: {', '.join(known) or 'no data center yet'}.")
    return msgspec.structs.replace(found, sites=[line for line in found.sites if not data_centers or line.slug in data_centers])


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    return "".join(spreadsheet.lines(rows)).encode()


def _page(body: bytes, kind: str, name: str, moment: Moment, renewed_at: datetime | None) -> Page:
    compressed = gzip.compress(body, GZIP_LEVEL, mtime=0) if len(body) >= COMPRESSED_FROM_BYTES else b""
    return Page(body, compressed, sha256(body).hexdigest()[:32], clock.now(), kind, name, renewed_at, moment.is_settled)


# --- sending -------------------------------------------------------------------------------------


def reply(page: Page, header: Callable[[str], str], now: datetime) -> Reply:
    """The page, packed if the client takes that; or 304 when it has it already."""
    is_packed = bool(page.compressed) and negotiation.takes_gzip(header("accept-encoding"))
    etag = f'"{page.etag}{"-gz" if is_packed else ""}"'
    headers: Headers = [
        ("content-type", TYPES[page.format]),
        ("etag", etag),
        ("last-modified", http_date(page.made_at.timestamp())),
        ("cache-control", f"public, max-age={_max_age_s(page, now)}"),
        ("vary", "Accept, Accept-Encoding"),
    ]
    if _is_known(page, etag, header):
        return Reply(304, headers)
    if is_packed:
        headers.append(("content-encoding", "gzip"))
    if page.format == "csv":
        headers.append(("content-disposition", f'attachment; filename="{page.name}.csv"'))
    return Reply(200, headers, page.compressed if is_packed else page.body)


def _is_known(page: Page, etag: str, header: Callable[[str], str]) -> bool:
    if tags := header("if-none-match"):
        return negotiation.has(tags, etag)
    since = parse_http_date_safe(header("if-modified-since"))
    return since is not None and int(page.made_at.timestamp()) <= since


def _max_age_s(page: Page, now: datetime) -> int:
    if not page.is_settled:
        return UNSETTLED_S
    if page.renewed_at is None:
        return PAST_S
    left_s = math.ceil((page.renewed_at - now.astimezone(UTC)).total_seconds())
    return left_s + SLACK_S if left_s > 0 else LATE_S
