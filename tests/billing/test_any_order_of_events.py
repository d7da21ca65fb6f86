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
from projects.models import ApiKey, Project
from tests.billing import till

FREE_A_DAY = 2
amounts = st.integers(0, 60)


class Shop(RuleBasedStateMachine):
    """One customer with little money, small budgets, few free requests. The model is a few numbers and the open calls."""

    running = Bundle("running")

    @initialize(balance=st.integers(1, 200))
    def open(self, balance: int) -> None:
        self.shopper = till.customer(f"shopper{ids.uuid7().hex}", dollars=None)
        self.free_used = self.spent = self.key_spent = 0
        self.cap: int | None = None
        self.key_cap: int | None = None
        self.open_holds: dict[Any, int] = {}
        self.keyless: set[Any] = set()
        self.checkpoints: dict[Any, int] = {}
        self.balance = balance
        ledger.credit(self.shopper.wallet.pk, balance, key=str(ids.uuid7()), reason="start")

    @property
    def held(self) -> int:
        return sum(self.open_holds.values())

    @property
    def key_held(self) -> int:
        return sum(amount for hold, amount in self.open_holds.items() if hold not in self.keyless)

    @rule(target=running, amount=amounts, free=st.booleans(), from_studio=st.booleans())
    def call(self, amount: int, free: bool, from_studio: bool) -> Any:
        expected = self._expected(amount, free, from_studio)
        ask = self.shopper.ask(amount, free=free, api_key_id=None if from_studio else self.shopper.key.pk)
        if expected not in Funding.values:
            with pytest.raises(Refusal) as refused:
                till.authorise(ask)
            assert refused.value.code == expected
            return multiple()
        held = till.authorise(ask)
        assert held.funding == expected
        self.open_holds[held.request_id] = held.amount_nanousd
        if from_studio:
            self.keyless.add(held.request_id)
        self.free_used += expected == "free"
        return held

    def _expected(self, amount: int, free: bool, from_studio: bool) -> str:
        if free and self.free_used < FREE_A_DAY:
            return "free"
        if not from_studio and self.key_cap is not None and self.key_spent + self.key_held + amount > self.key_cap:
            return "key_monthly_cap"
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
            assert settled.charged_nanousd == max(0, min(charge, amount))
            self._charge(held.request_id, settled.charged_nanousd)

    def _charge(self, hold: Any, charged: int) -> None:
        self.balance -= charged
        self.spent += charged
        self.key_spent += 0 if hold in self.keyless else charged

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
        for hold in self.open_holds:
            self._charge(hold, self.checkpoints.get(hold, 0))
        self.open_holds.clear()

    @rule(cap=st.none() | st.integers(0, 150))
    def change_the_cap(self, cap: int | None) -> None:
        Project.objects.filter(pk=self.shopper.project.pk).update(daily_cap_nanousd=cap)
        self.cap = cap

    @rule(cap=st.none() | st.integers(0, 150))
    def change_the_cap_of_the_key(self, cap: int | None) -> None:
        ApiKey.objects.filter(pk=self.shopper.key.pk).update(monthly_cap_nanousd=cap)
        self.key_cap = cap

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
        today, month = clock.day_key("UTC", clock.now()), clock.month_key("UTC", clock.now())
        budget = BudgetPeriod.objects.filter(project=self.shopper.project, period_key=today).first()
        assert (budget.spent_nanousd, budget.held_nanousd) == (self.spent, self.held) if budget else not self.spent
        of_key = BudgetPeriod.objects.filter(api_key=self.shopper.key, period_key=month).first()
        assert (of_key.spent_nanousd, of_key.held_nanousd) == (self.key_spent, self.key_held) if of_key else not self.key_spent

    def teardown(self) -> None:
        ledger.stop(10)
        assert check.findings() == []


@pytest.mark.usefixtures("money")
def test_the_ledger_agrees_with_a_simple_model(settings: Any) -> None:
    settings.CLOD_FREE_REQUESTS_PER_DAY = FREE_A_DAY
    run_state_machine_as_test(Shop, settings=examples)  # type: ignore[no-untyped-call]
    connection.close()


examples = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
