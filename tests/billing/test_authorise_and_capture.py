"""A call sets money aside before it starts, and pays for what it used when it ends."""

import pytest

from activity.models import Request
from billing import holds
from billing.models import Hold, LedgerEntry
from tests.billing import till

pytestmark = pytest.mark.usefixtures("ledger_db")


def test_it_holds_then_charges_what_was_used() -> None:
    dana = till.customer(dollars="1.00")
    held = till.authorise(dana.ask(till.CALL))
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd) == (10 * till.CALL, till.CALL)
    settled = till.capture(held, till.CALL // 4)
    assert settled == holds.Settled(till.CALL // 4, 10 * till.CALL - till.CALL // 4)
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd) == (settled.balance_nanousd, 0)
    row = Request.objects.get(pk=held.request_id)
    assert (row.cost_nanousd, row.paid_by) == (till.CALL // 4, "wallet")
    entry = LedgerEntry.objects.get(kind="usage")
    assert (entry.amount_nanousd, entry.balance_after_nanousd) == (-settled.charged_nanousd, settled.balance_nanousd)
    assert Hold.objects.get().state == "captured"
