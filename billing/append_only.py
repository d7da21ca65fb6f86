"""Ledger entries are never changed or deleted: the database itself refuses it."""

from clod_site.lib.append_only import AppendOnly

_ledger = AppendOnly(
    "billing_ledgerentry", "ledger", "billing_refuse_change", "ledger entries are append-only: add an adjust entry instead"
)
GUARD, LIFT = _ledger.guard, _ledger.lift
