"""A hold nobody settles is captured at its last checkpoint, soon after it expires."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from activity.models import Request
from billing import check, holds, ledger, refusals, tasks
from billing.ledger import settlement
from billing.models import BudgetPeriod, Hold, LedgerEntry
from catalog.models import PriceTick
from clod_site.lib import clock
from clod_site.schedule import BEAT
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")


def later() -> datetime:
    return clock.now() + timedelta(seconds=601)


def test_it_charges_the_checkpoint_and_says_it_is_estimated() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    holds.checkpoint(held, 4000)
    ledger.stop(10)
    assert ledger.sweep(later()) == 1
    row = Request.objects.get(pk=held.request_id)
    assert (row.status, row.is_estimated, row.cost_nanousd, row.model, row.provider, row.data_center) == (
        "expired", True, 4000, "llama", "clod", "dfw",
    )  # fmt: skip
    assert (row.organization_id, row.api_key_id, row.price_tick_id) == (dana.organization.pk, dana.key.pk, dana.tick.pk)
    assert LedgerEntry.objects.get(kind="usage").amount_nanousd == -4000
    assert (dana.state_of(held.request_id), dana.wallet.held_nanousd) == ("expired", 0)


def test_the_routing_fee_is_part_of_what_an_interrupted_call_is_charged() -> None:
    dana = till.customer()
    PriceTick.objects.update(fee_basis_points=500)
    held = till.authorise(dana.ask())
    holds.checkpoint(held, 2100)
    ledger.stop(10)
    ledger.sweep(later())
    row = Request.objects.get(pk=held.request_id)
    assert (row.cost_nanousd, row.fee_nanousd) == (2100, 100)


def test_a_call_that_used_nothing_for_sure_costs_nothing() -> None:
    dana = till.customer()
    till.authorise(dana.ask())
    ledger.sweep(later())
    assert LedgerEntry.objects.get(kind="usage").amount_nanousd == 0


def test_it_leaves_calls_alone_that_may_still_run() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    assert ledger.sweep(clock.now() + timedelta(seconds=599)) == 0
    assert dana.state_of(held.request_id) == "open"


def test_a_free_call_that_was_interrupted_has_used_its_free_request() -> None:
    dana = till.customer(dollars=None)
    till.authorise(dana.ask(free=True))
    ledger.sweep(later())
    assert dana.used_today() == 1


def test_the_late_settlement_of_a_swept_call_changes_nothing() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    holds.checkpoint(held, 4000)
    ledger.stop(10)
    ledger.sweep(later())
    assert till.capture(held, 9000).charged_nanousd == 4000
    assert Request.objects.get().status == "expired"


def test_checkpoints_only_grow_and_stay_within_the_hold() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    seen = []
    for used in (500, 400, -1, 10**30, 600):
        holds.checkpoint(held, used)
        ledger.stop(10)
        seen.append(Hold.objects.get().checkpoint_nanousd)
    assert seen == [500, 500, 500, till.CALL, till.CALL]


def test_a_checkpoint_after_the_settlement_means_nothing() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask())
    till.capture(held, 1)
    holds.checkpoint(held, 500)
    ledger.stop(10)
    assert Hold.objects.get().checkpoint_nanousd == 0


def test_a_starting_ledger_settles_what_a_dead_process_left_behind() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask(ttl_s=0))
    ledger.stop(10)
    ledger.start()
    ledger.stop(10)
    assert dana.state_of(held.request_id) == "expired"


def test_more_holds_than_one_page_are_all_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    from billing.ledger import desk

    monkeypatch.setattr(desk, "SWEEP_AT_ONCE", 2)
    dana = till.customer()
    till.all_at_once(dana.ask() for _ in range(5))
    assert ledger.sweep(later()) == 5


def test_the_beat_sweeps_within_the_promised_minute() -> None:
    dana = till.customer()
    held = till.authorise(dana.ask(ttl_s=0))
    entry = BEAT["sweep-holds"]
    assert entry["task"] == tasks.sweep_holds.name
    assert entry["schedule"] < check.GRACE.total_seconds()
    tasks.sweep_holds()
    assert dana.state_of(held.request_id) == "expired"
    assert settings.CELERY_TASK_ACKS_LATE


def test_a_hold_that_cannot_be_settled_keeps_no_other_and_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    dana = till.customer()
    broken, sound = till.authorise(dana.ask()), till.authorise(dana.ask())
    settle = settlement.settle

    def fails(books: Any, held: Any, *rest: Any) -> Any:
        if held.request_id == broken.request_id:
            raise KeyError("a defect")
        return settle(books, held, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(settlement, "settle", fails)
        with pytest.raises(refusals.LedgerUnavailable):
            ledger.sweep(later())
        assert (dana.state_of(broken.request_id), dana.state_of(sound.request_id)) == ("open", "expired")
        assert str(broken.request_id) in caplog.text
    assert ledger.sweep(later()) == 1


@pytest.mark.parametrize("lose", [lambda rows: rows.delete(), lambda rows: rows.update(held_nanousd=1)], ids=["gone", "too small"])
def test_a_budget_that_lost_count_keeps_no_call_from_its_settlement(lose: Any) -> None:
    """As after calls through a process of an older version. The proof tells by how much it is off."""
    dana = till.customer()
    paid, swept = till.authorise(dana.ask()), till.authorise(dana.ask())
    lose(BudgetPeriod.objects.filter(api_key=dana.key))
    assert till.capture(paid, 1000).charged_nanousd == 1000
    assert ledger.sweep(later()) == 1
    assert (dana.state_of(swept.request_id), dana.wallet.held_nanousd) == ("expired", 0)
    assert {finding.promise for finding in check.findings()} <= {"P3"}
    right = {"spent_nanousd": 1000, "held_nanousd": 0}
    for key in (paid.day_key, paid.month_key):
        BudgetPeriod.objects.update_or_create(api_key=dana.key, period_key=key, defaults=right)
