"""The recurring check: its result is kept, it comes as often as it can be afforded, and what it finds is not hidden."""

from datetime import timedelta

import pytest

from billing import check, checking, tasks
from billing.models import LedgerCheck, Wallet
from clod_site.lib import clock
from tests.billing import till

pytestmark = pytest.mark.usefixtures("ledger_db")


def test_a_run_keeps_that_the_ledger_adds_up() -> None:
    till.customer(dollars="1.00")
    tasks.check_ledger()
    made = LedgerCheck.objects.get()
    assert (made.findings, made.text, made.is_complete, made.outcome) == (0, "", True, "adds up")


def test_a_run_keeps_what_does_not_add_up() -> None:
    dana = till.customer(dollars="1.00")
    Wallet.objects.filter(pk=dana.wallet.pk).update(balance_nanousd=5)
    made = checking.run(clock.now())
    assert made
    assert made.outcome == "1 finding"
    assert f"P1  wallet {dana.wallet.pk}  balance is 5 and its entries sum to 1000000000" in made.text


def test_it_comes_every_hour_and_more_seldom_the_longer_it_takes() -> None:
    now = clock.now()
    assert checking.run(now)
    assert checking.run(now + timedelta(minutes=59)) is None
    LedgerCheck.objects.update(duration_ms=120_000)
    assert checking.run(now + timedelta(minutes=119)) is None
    assert checking.run(now + timedelta(minutes=121))


def test_a_check_that_cannot_be_made_is_no_good_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "THE_REST", (check.Query("P4", "hold", 1, "{}", "SELECT id FROM no_such_table"),))
    made = checking.run(clock.now())
    assert made
    assert (made.is_complete, made.findings, made.outcome) == (False, 0, "could not be made")
    assert "no_such_table" in made.text


def test_old_results_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "KEPT", 3)
    now = clock.now()
    for hours in range(5):
        checking.run(now + timedelta(hours=hours, minutes=hours))
    assert LedgerCheck.objects.count() == 3
