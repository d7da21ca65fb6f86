"""The connection breaks, or a deadlock strikes, at every single statement of both transactions, and right after the commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from billing import check, holds, ledger, refusals
from billing.holds import Held, Keepsake, Repeatable
from billing.ledger import leases, store
from billing.models import Hold, IdempotentCall, LedgerEntry
from tests.billing import till
from tests.site import eventually

pytestmark = pytest.mark.usefixtures("money")
STATEMENTS = 18  # more than either transaction has


class Trouble:
    """Strikes once, after ``countdown`` statements; then the database refuses ``away`` connections."""

    def __init__(self) -> None:
        self.countdown, self.away, self.down, self.struck = -1, 0, 0, 0
        self.error: type[store.StoreError] = store.Lost

    def expect(self, countdown: int, error: type[store.StoreError], away: int) -> None:
        self.countdown, self.error, self.away, self.down = countdown, error, away, 0

    def step(self) -> None:
        self.countdown -= 1
        if self.countdown == -1:
            self.struck += 1
            self.down = self.away
            raise self.error("injected")

    def connecting(self) -> None:
        if self.down:
            self.down -= 1
            raise store.Lost("injected")


class Shaky:
    """A real store that meets trouble on its way."""

    def __init__(self, trouble: Trouble, real: store.Store) -> None:
        self.trouble, self.real = trouble, real

    @contextmanager
    def transaction(self, **options: Any) -> Iterator[None]:
        self.trouble.step()
        with self.real.transaction(**options):
            yield
            self.trouble.step()
        if self.trouble.error is store.Lost:
            self.trouble.step()  # committed, but the answer never came

    def __getattr__(self, name: str) -> Any:
        if name in {"select", "insert", "update"}:
            self.trouble.step()
        return getattr(self.real, name)


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Trouble:
    trouble, connect = Trouble(), store.connect

    def shaky() -> Shaky:
        trouble.connecting()
        return Shaky(trouble, connect())

    monkeypatch.setattr(store, "connect", shaky)
    return trouble


@pytest.mark.parametrize(("error", "away"), [(store.Lost, 0), (store.Lost, 2), (store.Contended, 0), (store.Rejected, 0)])
def test_an_authorisation_is_held_or_refused_and_nothing_stays_behind(trouble: Trouble, error: type[store.StoreError], away: int) -> None:
    dana = till.customer()
    for countdown in range(STATEMENTS):
        trouble.expect(countdown, error, away)
        ask = dana.ask(repeatable=Repeatable(str(countdown), ""))
        try:
            held = till.authorise(ask)
        except refusals.TryAgain:
            trouble.expect(-1, error, 0)
            assert ledger.stop(10)
            assert not Hold.objects.filter(pk=ask.request_id, state="open").exists()
        else:
            trouble.expect(-1, error, 0)
            till.capture(held, 0)
    assert trouble.struck >= 11
    assert dana.wallet.held_nanousd == 0


@pytest.mark.parametrize(("error", "away"), [(store.Lost, 0), (store.Lost, 2), (store.Contended, 0), (store.Rejected, 0)])
def test_a_capture_charges_once_whatever_happens(trouble: Trouble, error: type[store.StoreError], away: int) -> None:
    dana = till.customer()
    for countdown in range(STATEMENTS):
        held = till.authorise(dana.ask(repeatable=Repeatable(str(countdown), "")))
        trouble.expect(countdown, error, away)
        outcome = msgspec.structs.replace(till.outcome(held, 1000), keepsake=Keepsake(str(countdown), b"kept"))
        assert till.run(holds.capture(held, outcome)).charged_nanousd == 1000
        trouble.expect(-1, error, 0)
    assert trouble.struck >= 10
    assert LedgerEntry.objects.filter(kind="usage", amount_nanousd=-1000).count() == STATEMENTS
    assert error is store.Rejected or set(IdempotentCall.objects.values_list("answer", flat=True)) == {b"kept"}


@pytest.fixture
def lasting_leases(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CLOD_LEASES = True
    monkeypatch.setattr(leases, "LASTS_S", 30.0)


def admitted_ahead(dana: till.Customer) -> Held:
    """A call on a lease, which is made where there is none."""
    while (held := ledger.admit(dana.ask(2000))) is None:
        till.run(holds.void(till.authorise(dana.ask(2000))))
    return held


@pytest.mark.parametrize(("error", "away"), [(store.Lost, 0), (store.Lost, 2), (store.Contended, 0), (store.Rejected, 0)])
def test_a_call_on_a_lease_is_charged_once_whatever_happens(
    trouble: Trouble, error: type[store.StoreError], away: int, lasting_leases: None
) -> None:
    """It has no row when the trouble strikes. A lost database ends all leases, and the next calls make another."""
    dana = till.customer(dollars="1000.00")
    for countdown in range(STATEMENTS):
        held = admitted_ahead(dana)
        trouble.expect(countdown, error, away)
        assert till.capture(held, 1000).charged_nanousd == 1000
        trouble.expect(-1, error, 0)
        assert check.findings() == []
    assert trouble.struck >= 10
    assert LedgerEntry.objects.filter(kind="usage", amount_nanousd=-1000).count() == STATEMENTS
    assert Hold.objects.filter(state="captured", amount_nanousd=2000).count() == STATEMENTS
    assert ledger.stop(10)
    assert error is store.Lost or dana.wallet.held_nanousd == 0, "what a lost answer may have left behind is the sweeper's"


@pytest.mark.parametrize(("error", "away"), [(store.Lost, 0), (store.Lost, 2), (store.Contended, 0), (store.Rejected, 0)])
def test_a_call_on_a_lease_gets_its_row_whatever_happens(
    trouble: Trouble, error: type[store.StoreError], away: int, lasting_leases: None
) -> None:
    dana = till.customer(dollars="1000.00")
    for countdown in range(STATEMENTS):
        held = admitted_ahead(dana)
        trouble.expect(countdown, error, away)
        assert eventually(Hold.objects.filter(pk=held.request_id, state="open", amount_nanousd=2000).exists)
        trouble.expect(-1, error, 0)
        assert check.findings() == []
        assert till.capture(held, 1000).charged_nanousd == 1000
    assert trouble.struck >= 4
