"""The wallet's statement: its entries, newest first, page by page."""

from dataclasses import dataclass

from django.db.models import Q

from billing.models import EntryKind, LedgerEntry, Wallet
from clod_site.lib import ids

PAGE = 50


@dataclass(frozen=True)
class Page:
    entries: list[LedgerEntry]
    next_cursor: str


def page(wallet: Wallet, *, cursor: str = "", with_free_calls: bool = False) -> Page:
    """Entries older than the cursor's. Free calls leave an entry of zero each, which is left out unless asked for."""
    entries = LedgerEntry.objects.filter(wallet=wallet).order_by("-created_at", "-id")
    if not with_free_calls:
        entries = entries.exclude(kind=EntryKind.USAGE, amount_nanousd=0)
    last = _entry(wallet, cursor)
    if last:
        entries = entries.filter(Q(created_at__lt=last.created_at) | Q(created_at=last.created_at, id__lt=last.id))
    found = list(entries[: PAGE + 1])
    return Page(found[:PAGE], ids.public("le", found[PAGE - 1].id) if len(found) > PAGE else "")


def _entry(wallet: Wallet, cursor: str) -> LedgerEntry | None:
    entry_id = ids.parse_public("le", cursor)
    return LedgerEntry.objects.filter(wallet=wallet, id=entry_id).first() if entry_id else None
