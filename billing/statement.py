"""The wallet's statement: its entries, newest first, page by page or as CSV, as far as a filter lets them through."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from billing.models import EntryKind, LedgerEntry, Wallet
from billing.refusals import iso
from clod_site.lib import ids, money, spreadsheet
from clod_site.lib.ranges import ALL, RANGES

PAGE = 50
MOST_ROWS = 50_000
COLUMNS = ("id", "created_at", "kind", "reason", "reference", "amount_usd", "balance_after_usd")


@dataclass(frozen=True)
class Filter:
    """``kind`` is one of EntryKind's, or empty for any. Free calls leave an entry of zero each, which is left out unless asked for."""

    kind: str = ""
    range: str = ALL
    free: bool = False

    def query(self, **changes: str | bool) -> str:
        """The address's query string, without what is at its default."""
        chosen = replace(self, **changes)  # type: ignore[arg-type]  # the names are this class's own
        parts = {"kind": chosen.kind, "range": "" if chosen.range == ALL else chosen.range, "free": "1" if chosen.free else ""}
        return urlencode({name: value for name, value in parts.items() if value})

    @property
    def is_narrowed(self) -> bool:
        return bool(self.kind or self.range != ALL)


@dataclass(frozen=True)
class Page:
    entries: list[LedgerEntry]
    next_cursor: str


def read(query: QueryDict) -> Filter:
    """The filter an address asks for; values that mean nothing are dropped rather than refused."""
    kind, span = query.get("kind", ""), query.get("range", ALL)
    return Filter(kind if kind in EntryKind.values else "", span if span in RANGES else ALL, query.get("free") == "1")


def entries(wallet: Wallet, wanted: Filter, now: datetime) -> QuerySet[LedgerEntry]:
    found = LedgerEntry.objects.filter(wallet=wallet).order_by("-created_at", "-id")
    if not wanted.free:
        found = found.exclude(kind=EntryKind.USAGE, amount_nanousd=0)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    span = RANGES[wanted.range][1]
    return found.filter(created_at__gte=now - span) if span else found


def page(wallet: Wallet, wanted: Filter, now: datetime, *, cursor: str = "") -> Page:
    """Entries older than the cursor's."""
    rows = entries(wallet, wanted, now)
    last = _entry(wallet, cursor)
    if last:
        rows = rows.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lt=last.id))
    found = list(rows[: PAGE + 1])
    return Page(found[:PAGE], ids.public("le", found[PAGE - 1].id) if len(found) > PAGE else "")


def csv_lines(wallet: Wallet, wanted: Filter, now: datetime) -> Iterator[str]:
    """The newest MOST_ROWS entries; amounts are plain decimal dollars."""
    yield from spreadsheet.lines([COLUMNS])
    yield from spreadsheet.lines(_row(entry) for entry in entries(wallet, wanted, now)[:MOST_ROWS].iterator(chunk_size=500))


def _row(entry: LedgerEntry) -> tuple[object, ...]:
    text = [spreadsheet.harmless(cell) for cell in (entry.kind, entry.reason, entry.reference)]
    amounts = money.as_text(entry.amount_nanousd), money.as_text(entry.balance_after_nanousd)
    return (ids.public("le", entry.id), iso(entry.created_at), *text, *amounts)


def _entry(wallet: Wallet, cursor: str) -> LedgerEntry | None:
    entry_id = ids.parse_public("le", cursor)
    return LedgerEntry.objects.filter(wallet=wallet, id=entry_id).first() if entry_id else None
