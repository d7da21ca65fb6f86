"""Money that went back to a payer leaves the wallet again, as far as the wallet can give it without what is held.

What it cannot give is owed by the organization: it is taken from money that comes in later. The ledger's own entries say
what has been taken: they are numbered, so that two processes that settle the same order make the same entry.
"""

from django.db import transaction

from billing import ledger, refusals
from billing.ledger.crediting import KeyReused
from billing.models import EntryKind, LedgerEntry, TopUp, Wallet

MOST = 64  # entries of one order; refunds and disputes of one payment are few
TRIES = 20
TAKEN, RETURNED = "Top-up refunded or disputed", "Refund or dispute undone"


def settle(top_up: TopUp) -> int:
    """Bring the order's refund entries in line with what was reversed; nano-USD still owed. LedgerBusy, LedgerUnavailable.

    It ends only when what it reads after its last entry needs no further one, so the last of two that race is right.
    """
    for _ in range(TRIES):
        top_up.refresh_from_db()
        entries = _entries(top_up)
        change = _within_reach(top_up, -top_up.reversed_nanousd - sum(entry.amount_nanousd for entry in entries))
        if change == 0 or len(entries) >= MOST:
            return _note(top_up)
        _move(top_up, change, number=len(entries))
    raise refusals.LedgerBusy


def _within_reach(top_up: TopUp, change: int) -> int:
    """Money is returned whole and taken as far as nothing holds it."""
    if change >= 0:
        return change
    wallet = Wallet.objects.get(organization_id=top_up.organization_id)
    return -min(-change, wallet.balance_nanousd - wallet.held_nanousd)


def _move(top_up: TopUp, change: int, number: int) -> None:
    """One entry; if somebody else was faster, or spent meanwhile, the caller looks again."""
    wallet_id = Wallet.objects.values_list("pk", flat=True).get(organization_id=top_up.organization_id)
    reason = RETURNED if change > 0 else TAKEN
    try:
        ledger.credit(wallet_id, change, key=_reference(top_up, number), reason=reason, kind=EntryKind.REFUND)
    except (KeyReused, refusals.InsufficientFunds):
        return


def _note(top_up: TopUp) -> int:
    """Write down what is owed; under the row's lock, so that of two the later one has seen everything."""
    with transaction.atomic():
        row = TopUp.objects.select_for_update().get(pk=top_up.pk)
        row.owed_nanousd = max(0, row.reversed_nanousd + sum(entry.amount_nanousd for entry in _entries(row)))
        if row.owed_nanousd == 0:
            row.owed_told_at = None
        row.save(update_fields=["owed_nanousd", "owed_told_at"])
    top_up.owed_nanousd = row.owed_nanousd
    return row.owed_nanousd


def _entries(top_up: TopUp) -> list[LedgerEntry]:
    references = [_reference(top_up, number) for number in range(MOST)]
    return list(LedgerEntry.objects.filter(reference__in=references, kind=EntryKind.REFUND))


def _reference(top_up: TopUp, number: int) -> str:
    return f"{top_up.public_id}:{number}"
