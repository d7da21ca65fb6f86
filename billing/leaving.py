"""What an organization leaves of its money: to its owner as data, and when it closes. The wallet and its entries stay as they are."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Organization, User
from billing.models import AutoTopUp, LedgerEntry, TopUp
from billing.refusals import iso
from clod_site.lib import ids, money

AT_ONCE = 500


def on_close(organization: Organization, actor: User, **_: Any) -> None:
    """Nobody is charged any more."""
    AutoTopUp.objects.filter(organization=organization).update(is_on=False)


def exported(organization: Organization, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    return {"statement": _statement(organization), "top_ups": _top_ups(organization)}


def _statement(organization: Organization) -> Iterator[dict[str, Any]]:
    """All of it, oldest first, free calls too."""
    found = LedgerEntry.objects.filter(wallet__organization=organization).order_by("created_at", "id")
    for entry in found.iterator(chunk_size=AT_ONCE):
        yield {
            "id": ids.public("le", entry.pk),
            "created_at": iso(entry.created_at),
            "kind": entry.kind,
            "reason": entry.reason,
            "reference": entry.reference,
            "amount_usd": money.as_text(entry.amount_nanousd),
            "balance_after_usd": money.as_text(entry.balance_after_nanousd),
        }


def _top_ups(organization: Organization) -> Iterator[dict[str, Any]]:
    for top_up in TopUp.objects.filter(organization=organization).order_by("id").iterator(chunk_size=AT_ONCE):
        yield {
            "id": top_up.public_id,
            "created_at": iso(top_up.created_at),
            "paid_at": iso(top_up.paid_at) if top_up.paid_at else None,
            "state": top_up.state,
            "amount_usd": money.as_text(top_up.amount_nanousd),
            "given_back_usd": money.as_text(top_up.reversed_nanousd),
            "is_automatic": top_up.is_automatic,
            "receipt": top_up.receipt_number if top_up.is_paid else None,
        }
