"""Whatever happens in whatever order, the ledger agrees with a model of a few lines, and its books can be proved."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule, run_state_machine_as_test

from billing import check, holds, ledger, refusals
from billing.models import BudgetPeriod, EntryKind, Funding
from clod_site.lib import clock, ids
from clod_site.lib.refusal import Refusal
from projects.models import Project
from tests.billing import till

FREE_A_DAY = 2
amounts = st.integers(0, 60)


class Shop(RuleBasedStateMachine):
    """One customer with little money, small budgets, few free requests. The model is five numbers and the open calls."""

    running = Bundle("running")

    @initialize(balance=st.integers(1, 200))
    def open(self, balance: int) -> None:
        self.shopper = till.customer(f"shopper{ids.uuid7().hex}", dollars=None)
        self.free_used = self.spent = 0
        self.cap: int | None = None
        self.open_holds: dict[Any, int] = {}
        self.checkpoints: dict[Any, int] = {}
        self.balance = balance
        ledger.credit(self.shopper.wallet.pk, balance, key=str(ids.uuid7()), reason="start")

    @property
    def held(self) -> int:
        return sum(self.open_holds.values())

    @rule(target=running, amount=amounts, free=st.booleans())
    def call(self, amount: int, free: bool) -> Any:
        expected = self._expected(amount, free)
        ask = self.shopper.ask(amount, free=free)
        if expected not in Funding.values:
            with pytest.raises(Refusal) as refused:
                till.authorise(ask)
            assert refused.value.code == expected
            return multiple()
        held = till.authorise(ask)
        assert held.funding == expected
        self.open_holds[held.request_id] = held.amount_nanousd
        self.free_used += expected == "free"
        return held

    def _expected(self, amount: int, free: bool) -> str:
        if free and self.free_used < FREE_A_DAY:
            return "free"
        if self.cap is not None and self.spent + self.held + amount > self.cap:
            return "project_daily_cap"
        if self.balance - self.held < amount:
            return "free_quota_exhausted" if free else "insufficient_funds"
        return "wallet"

    @rule(held=running, charge=st.integers(-5, 100))
    def capture(self, held: holds.Held, charge: int) -> None:
        amount = self.open_holds.pop(held.request_id, None)
        settled = till.capture(held, charge)
        if amount is not None:
            self._charge(max(0, min(charge, amount)), settled.charged_nanousd)

    def _charge(self, expected: int, charged: int) -> None:
        assert charged == expected
        self.balance -= charged
        self.spent += charged

    @rule(held=consumes(running))
    def void(self, held: holds.Held) -> None:
        till.run(holds.void(held))
        if self.open_holds.pop(held.request_id, None) is not None:
            self.free_used -= held.funding == "free"

    @rule(held=running, used=st.integers(-5, 100))
    def checkpoint(self, held: holds.Held, used: int) -> None:
        holds.checkpoint(held, used)
        if held.request_id in self.open_holds:
            known = max(self.checkpoints.get(held.request_id, 0), used)
            self.checkpoints[held.request_id] = min(known, held.amount_nanousd)

    @rule()
    def all_calls_are_forgotten_and_swept(self) -> None:
        ledger.stop(10)
        ledger.sweep(clock.now() + timedelta(hours=1))
        used = sum(self.checkpoints.get(hold, 0) for hold in self.open_holds)
        self.balance -= used
        self.spent += used
        self.open_holds.clear()

    @rule(cap=st.none() | st.integers(0, 150))
    def change_the_cap(self, cap: int | None) -> None:
        Project.objects.filter(pk=self.shopper.project.pk).update(daily_cap_nanousd=cap)
        self.cap = cap

    @rule(amount=st.integers(-80, 80).filter(bool))
    def move_money(self, amount: int) -> None:
        key, wallet = str(ids.uuid7()), self.shopper.wallet.pk
        try:
            for _ in range(2):  # the second time means nothing
                ledger.credit(wallet, amount, key=key, reason="", kind=EntryKind.ADJUST)
        except refusals.InsufficientFunds:
            assert self.balance - self.held + amount < 0
        else:
            self.balance += amount

    @rule()
    def the_process_restarts(self) -> None:
        assert ledger.stop(10)

    @invariant()
    def the_ledger_agrees(self) -> None:
        if not hasattr(self, "shopper"):
            return
        wallet = self.shopper.wallet
        assert (wallet.balance_nanousd, wallet.held_nanousd) == (self.balance, self.held)
        assert self.shopper.used_today() == self.free_used
        budget = BudgetPeriod.objects.filter(project=self.shopper.project, period_key=clock.day_key("UTC", clock.now())).first()
        assert (budget.spent_nanousd, budget.held_nanousd) == (self.spent, self.held) if budget else not self.spent

    def teardown(self) -> None:
        ledger.stop(10)
        assert check.findings() == []


@pytest.mark.usefixtures("money")
def test_the_ledger_agrees_with_a_simple_model(settings: Any) -> None:
    settings.CLOD_FREE_REQUESTS_PER_DAY = FREE_A_DAY
    run_state_machine_as_test(Shop, settings=examples)  # type: ignore[no-untyped-call]
    connection.close()


examples = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
