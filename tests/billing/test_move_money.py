"""Credits, refunds and adjustments: once for each key, never below what is held, never rewritten."""

import threading

import pytest
from django.db import Error, connection, transaction

from billing import ledger, refusals
from billing.ledger.crediting import KeyReused, UnknownWallet
from billing.models import EntryKind, LedgerEntry
from clod_site.lib import ids
from clod_site.lib.money import usd
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")


def test_a_credit_makes_one_entry_however_often_it_is_asked_for() -> None:
    dana = till.customer(dollars=None)
    entries = [ledger.credit(dana.wallet.pk, usd("5.00"), key="topup:1", reason="card", kind=EntryKind.TOPUP) for _ in range(3)]
    assert len({entry.pk for entry in entries}) == 1
    entry = LedgerEntry.objects.get()
    assert (entry.kind, entry.amount_nanousd, entry.balance_after_nanousd, entry.reason) == ("topup", usd("5.00"), usd("5.00"), "card")
    assert dana.wallet.balance_nanousd == usd("5.00")


def test_parallel_credits_of_one_key_make_one_entry() -> None:
    dana = till.customer(dollars=None)
    wallet_id = dana.wallet.pk

    def pay() -> None:
        ledger.credit(wallet_id, usd("5.00"), key="topup:1", reason="card")
        connection.close()

    threads = [threading.Thread(target=pay) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert dana.wallet.balance_nanousd == usd("5.00")


def test_the_same_key_for_another_amount_or_wallet_is_an_error() -> None:
    dana, eve = till.customer(dollars=None), till.customer("eve", dollars=None)
    ledger.credit(dana.wallet.pk, usd("5.00"), key="topup:1", reason="card")
    for wallet, amount in ((dana.wallet, usd("6.00")), (eve.wallet, usd("5.00"))):
        with pytest.raises(KeyReused, match="already made with another amount or wallet"):
            ledger.credit(wallet.pk, amount, key="topup:1", reason="card")
    assert ledger.credit(dana.wallet.pk, usd("1.00"), key="topup:1", reason="bonus", kind=EntryKind.ADJUST).amount_nanousd == usd("1.00")


def test_money_that_is_held_cannot_be_taken_out() -> None:
    dana = till.customer(dollars="1.00")
    till.authorise(dana.ask(usd("0.60")))
    with pytest.raises(refusals.InsufficientFunds):
        ledger.credit(dana.wallet.pk, -usd("0.50"), key="refund:1", reason="card", kind=EntryKind.REFUND)
    assert ledger.credit(dana.wallet.pk, -usd("0.40"), key="refund:2", reason="card", kind=EntryKind.REFUND).balance_after_nanousd == usd(
        "0.60"
    )


@pytest.mark.parametrize(
    ("amount", "kind", "key"),
    [(0, "adjust", "k"), (-1, "credit", "k"), (-1, "topup", "k"), (1, "usage", "k"), (1, "credit", ""), (1, "credit", "k" * 121)],
)
def test_movements_that_make_no_sense_are_refused_before_they_reach_the_ledger(amount: int, kind: str, key: str) -> None:
    with pytest.raises(ValueError, match=r"usage|moves no money|the key"):
        ledger.credit(ids.uuid7(), amount, key=key, reason="", kind=kind)


def test_an_unknown_wallet_is_an_error() -> None:
    with pytest.raises(UnknownWallet):
        ledger.credit(ids.uuid7(), 1, key="k", reason="")


def test_it_cannot_wait_for_itself_inside_a_transaction() -> None:
    dana = till.customer(dollars=None)
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError, match="on_commit"):
        ledger.credit(dana.wallet.pk, 1, key="k", reason="")


@pytest.mark.parametrize("change", ["UPDATE billing_ledgerentry SET amount_nanousd = 1", "DELETE FROM billing_ledgerentry"])
def test_the_database_refuses_to_change_an_entry(change: str) -> None:
    till.customer(dollars="1.00")
    with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert LedgerEntry.objects.get().amount_nanousd == usd("1.00")


def test_a_reason_can_be_any_text() -> None:
    dana = till.customer(dollars=None)
    entry = ledger.credit(dana.wallet.pk, 1, key="k", reason="nul \0 half \ud83d " + "long " * 100)
    assert entry.reason.startswith("nul  half ?")
    assert len(entry.reason) == 200
