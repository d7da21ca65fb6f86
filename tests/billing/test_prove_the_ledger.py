"""``manage.py ledger_check`` and the reconciler: whatever does not add up is named, and takes no new holds."""

from datetime import timedelta
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from activity.models import Request
from billing import check, ledger, reconcile, refusals, tasks
from billing.models import BudgetPeriod, FreeQuotaDay, Hold, LedgerEntry, Wallet
from clod_site.lib import clock, ids
from tests.billing import till

pytestmark = pytest.mark.usefixtures("ledger_db")


@pytest.fixture
def dana(ledger_db: None) -> till.Customer:
    """With one call paid, one free, one running."""
    dana = till.customer()
    till.capture(till.authorise(dana.ask()), 1000)
    till.capture(till.authorise(dana.ask(free=True)), 0)
    till.authorise(dana.ask())
    ledger.stop(10)
    return dana


def checked() -> tuple[int, str]:
    """Exit code and output of the command."""
    output = StringIO()
    try:
        call_command("ledger_check", stdout=output, stderr=output)
    except SystemExit as end:
        return int(str(end.code)), output.getvalue()
    return 0, output.getvalue()


@pytest.mark.usefixtures("dana")
def test_books_that_add_up_pass() -> None:
    assert checked() == (0, "The ledger adds up.\n")


def charged() -> Hold:
    return Hold.objects.get(captured_nanousd=1000)


BREACHES = {
    "P1  wallet": lambda: Wallet.objects.update(balance_nanousd=Wallet.objects.get().balance_nanousd + 1),
    "sum to 100000000": lambda: Wallet.objects.update(held_nanousd=0),
    "P3  budget of project": lambda: BudgetPeriod.objects.filter(api_key=None).update(spent_nanousd=0),
    "P3  budget of API key": lambda: BudgetPeriod.objects.filter(project=None).update(spent_nanousd=0),
    "held by 1": lambda: BudgetPeriod.objects.update(held_nanousd=till.CALL + 1),
    "P4  hold": lambda: Hold.objects.filter(state="open").update(expires_at=clock.now() - check.GRACE - timedelta(seconds=1)),
    "nobody settled it": lambda: Hold.objects.filter(state="captured").update(settled_at=None),
    "without a usage entry": lambda: Hold.objects.filter(pk=charged().pk).update(captured_nanousd=999),
    "without a request row": lambda: Request.objects.filter(pk=charged().pk).delete(),
    "without a captured hold": lambda: LedgerEntry.objects.create(
        id=ids.uuid7(), wallet=Wallet.objects.get(), kind="usage", amount_nanousd=-1, balance_after_nanousd=0, reference="x", reason="x"
    ),
    "P8  hold": lambda: Hold.objects.filter(pk=charged().pk).update(price_tick=2**40),
    "P8  request": lambda: Request.objects.filter(pk=charged().pk).update(price_tick=2**40),
    "P9  free quota": lambda: FreeQuotaDay.objects.update(used=2),
}


@pytest.mark.usefixtures("dana")
@pytest.mark.parametrize("sign", BREACHES)
def test_each_breach_is_named(sign: str) -> None:
    BREACHES[sign]()
    code, output = checked()
    assert (code, sign in output) == (1, True), output


@pytest.mark.usefixtures("dana")
def test_keys_of_before_there_were_budgets_of_keys_get_what_they_spent_and_hold() -> None:
    migration = import_module("billing.migrations.0006_count_for_keys").Migration
    BudgetPeriod.objects.filter(project=None).delete()
    assert checked()[0] == 1
    with connection.schema_editor() as editor:
        migration.operations[0].database_forwards("billing", editor, None, None)
    assert checked()[0] == 0
    assert set(BudgetPeriod.objects.filter(project=None).values_list("spent_nanousd", "held_nanousd")) == {(1000, till.CALL)}


def test_it_does_not_stop_the_ledger_from_writing(dana: till.Customer) -> None:
    with check._snapshot(), connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM billing_wallet")
        assert till.authorise(dana.ask()).amount_nanousd == till.CALL


def test_the_reconciler_freezes_what_differs_and_corrects_nothing(dana: till.Customer, caplog: pytest.LogCaptureFixture) -> None:
    eve = till.customer("eve")
    Wallet.objects.filter(pk=dana.wallet.pk).update(balance_nanousd=123 + till.CALL)
    assert reconcile.reconcile(clock.now()) == 1
    assert str(dana.wallet.pk) in caplog.text
    assert (dana.wallet.balance_nanousd, dana.wallet.frozen_at is None, eve.wallet.frozen_at) == (123 + till.CALL, False, None)
    with pytest.raises(refusals.WalletFrozen):
        till.authorise(dana.ask())
    assert till.authorise(eve.ask()).amount_nanousd == till.CALL


def test_the_beat_reconciles(dana: till.Customer) -> None:
    tasks.reconcile_wallets()
    assert dana.wallet.frozen_at is None
