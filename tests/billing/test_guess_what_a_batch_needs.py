"""What earlier batches read lets the next one lock everything in one trip; where that is out of date, it is found out."""

from typing import Any

import pytest
from django.db import connection

from accounts.models import Organization
from billing import holds, ledger, refusals
from billing.ledger import locks, pipeline, statements
from billing.models import BudgetPeriod, FreeQuotaDay, Hold
from tests.billing import till

pytestmark = pytest.mark.usefixtures("money")


def periods() -> set[str]:
    return set(BudgetPeriod.objects.values_list("period_key", flat=True))


def test_rows_deleted_between_two_calls_are_made_again() -> None:
    dana = till.customer()
    for free in (False, True):
        till.run(holds.void(till.authorise(dana.ask(free=free))))
    BudgetPeriod.objects.all().delete()
    FreeQuotaDay.objects.all().delete()
    held = till.authorise(dana.ask())
    assert periods() == {held.day_key, held.month_key}
    assert set(BudgetPeriod.objects.values_list("held_nanousd", flat=True)) == {till.CALL}
    till.authorise(dana.ask(free=True))
    assert dana.used_today() == 1


def test_a_zone_that_has_changed_is_seen_by_the_next_call(time_machine: Any) -> None:
    time_machine.move_to("2026-06-10T22:30:00Z", tick=False)
    dana = till.customer()
    assert till.authorise(dana.ask()).day_key == "2026-06-10"
    Organization.objects.filter(pk=dana.organization.pk).update(time_zone="Asia/Tokyo", next_time_zone="", time_zone_changes_at=None)
    assert till.authorise(dana.ask()).day_key == "2026-06-11"
    assert till.authorise(dana.ask(free=True)).day_key == "2026-06-11"


def test_a_new_day_has_its_rows(time_machine: Any) -> None:
    dana = till.customer()
    for day in ("2026-06-10", "2026-06-11"):
        time_machine.move_to(f"{day}T12:00:00Z", tick=False)
        till.capture(till.authorise(dana.ask()), 1000)
    assert periods() == {"2026-06-10", "2026-06-11", "2026-06"}


def test_many_projects_are_not_remembered_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks.Known, "MOST", 1)
    shoppers = [till.customer(name) for name in ("dana", "eve", "finn")]
    for shopper in shoppers * 2:
        till.capture(till.authorise(shopper.ask()), 1000)
    assert Hold.objects.filter(state="captured").count() == 6


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite makes no trips")
def test_a_hold_takes_two_trips_and_its_settlement_two(monkeypatch: pytest.MonkeyPatch) -> None:
    dana = till.customer()
    till.capture(till.authorise(dana.ask()), 1000)
    trips, trip = [], pipeline.Pipeline.trip
    monkeypatch.setattr(pipeline.Pipeline, "trip", lambda self: (trips.append(1), trip(self))[1])
    held = till.authorise(dana.ask())
    assert len(trips) == 2
    till.capture(held, 1000)
    assert len(trips) == 4
    assert ledger.stop(10)


def test_a_price_that_was_there_once_is_not_looked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_for: list[set[Any]] = []
    read = locks._read

    def note(store: Any, statement: Any, keys: set[Any]) -> Any:
        if statement is statements.ticks and keys:
            looked_for.append(keys)
        return read(store, statement, keys)

    monkeypatch.setattr(locks, "_read", note)
    dana = till.customer()
    for _ in range(3):
        till.authorise(dana.ask())
    with pytest.raises(refusals.PriceUnavailable):
        till.authorise(dana.ask(price_tick_id=10**9))
    with pytest.raises(refusals.PriceUnavailable):
        till.authorise(dana.ask(price_tick_id=10**9))
    assert looked_for == [{(dana.ask().price_tick_id,)}, {(10**9,)}, {(10**9,)}]
