"""Leases: whoever calls often has money set aside ahead, and most of their calls wait for no hold. Nothing is promised twice for it."""

import asyncio
import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import RequestFactory

from accounts import suspension
from activity.models import Request
from billing import check, holds, ledger, refusals
from billing.holds import Held, Price, Repeatable
from billing.ledger import desk, leases, leasing, store, transaction
from billing.ledger.operations import Authorise, Cut
from billing.ledger.writer import Writer
from billing.models import BudgetPeriod, EntryKind, Hold, LedgerEntry, PlatformLoss
from clod_site.lib import clock, ids
from clod_site.lib.money import usd
from clod_site.lib.refusal import Refusal
from projects import caps, keys
from projects.models import Project
from tests.billing import till
from tests.site import eventually

CENT = usd("0.01")


@pytest.fixture(autouse=True)
def _leases(settings: Any, money: None) -> None:
    settings.CLOD_LEASES = True


@pytest.fixture
def dana() -> till.Customer:
    """Rich enough for leases of 128 calls of a cent."""
    return till.customer(dollars="1000.00")


@pytest.fixture
def long_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """They end when the test says so, and so do the waits for them."""
    monkeypatch.setattr(leases, "LASTS_S", 30.0)


def call_often(customer: till.Customer, **changes: Any) -> list[Held]:
    """As many calls as make a lease, none of them settled."""
    return [till.authorise(customer.ask(CENT, **changes)) for _ in range(leases.ENOUGH + 1)]


def leased(customer: till.Customer, **changes: Any) -> Hold:
    """The lease of a customer who calls often."""
    call_often(customer, **changes)
    return lease_of(customer)


def lease_of(customer: till.Customer) -> Hold:
    return Hold.objects.get(is_lease=True, state="open", wallet=customer.wallet)


def admitted(customer: till.Customer, amount: int = CENT, **changes: Any) -> Held:
    """A call that waits for nothing."""
    held = ledger.admit(customer.ask(amount, **changes))
    assert held is not None
    return held


def has_row(held: Held) -> bool:
    return Hold.objects.filter(pk=held.request_id).exists()


def facts(held: Held) -> tuple[str, int, int, bool]:
    hold = Hold.objects.get(pk=held.request_id)
    return hold.state, hold.amount_nanousd, hold.captured_nanousd, hold.is_lease


# --- who gets one --------------------------------------------------------------------------------


def test_whoever_calls_often_has_money_set_aside_and_waits_no_more(dana: till.Customer) -> None:
    first = [till.authorise(dana.ask(CENT)) for _ in range(leases.ENOUGH)]
    assert not Hold.objects.filter(is_lease=True).exists()
    assert ledger.admit(dana.ask(CENT)) is None
    first.append(till.authorise(dana.ask(CENT)))
    lease = lease_of(dana)
    assert lease.amount_nanousd == leasing.MOST_CALLS * CENT
    assert dana.wallet.held_nanousd == lease.amount_nanousd + 5 * CENT
    assert set(BudgetPeriod.objects.values_list("held_nanousd", flat=True)) == {lease.amount_nanousd + 5 * CENT}
    held = admitted(dana)
    assert (held.organization_id, held.project_id, held.api_key_id) == (dana.organization.pk, dana.project.pk, dana.key.pk)
    assert (held.wallet_id, held.amount_nanousd, held.funding) == (dana.wallet.pk, CENT, "wallet")
    assert (held.day_key, held.month_key) == (first[0].day_key, first[0].month_key)
    assert timedelta(seconds=590) < held.expires_at - clock.now() <= timedelta(seconds=600)
    assert not has_row(held)


def test_calls_from_studio_have_leases_too(dana: till.Customer) -> None:
    call_often(dana, api_key_id=None)
    assert admitted(dana, api_key_id=None).api_key_id is None
    assert ledger.admit(dana.ask(CENT)) is None, "a key is another caller"


def test_whoever_calls_now_and_then_has_none(dana: till.Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    real, passed = clock.monotonic, [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: real() + passed[0])
    for _ in range(3 * leases.ENOUGH):
        till.authorise(dana.ask(CENT))
        passed[0] += leases.LASTS_S / 2
    assert not Hold.objects.filter(is_lease=True).exists()


def test_switched_off_there_are_none(dana: till.Customer, settings: Any) -> None:
    settings.CLOD_LEASES = False
    call_often(dana)
    call_often(dana)
    assert not Hold.objects.filter(is_lease=True).exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"free": True},
        {"repeatable": Repeatable("key", "body")},
        {"alternatives": (Price(1, 1, is_free_model=False),)},
        {"price_tick_id": 987_654},
        {"amount": leasing.MOST_CALLS * CENT + 1},
        {"amount": -1},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_has_to_be_decided_on_locked_rows_is_not_admitted_ahead(
    dana: till.Customer, long_leases: None, changes: dict[str, Any]
) -> None:
    leased(dana)
    assert ledger.admit(dana.ask(**{"amount": CENT} | changes)) is None
    admitted(dana)


@pytest.mark.parametrize("poor", ["wallet", "daily_cap_nanousd", "monthly_cap_nanousd", "key"])
def test_where_money_is_short_nothing_is_set_aside(poor: str) -> None:
    """What a lease takes is never missed: a fiftieth of what is left must be four calls."""
    little = leasing.SHARE * leasing.LEAST_CALLS * CENT
    dana = till.customer(dollars=None)
    ledger.credit(dana.wallet.pk, little if poor == "wallet" else usd("1000"), key="in", reason="test")
    if poor == "key":
        type(dana.key).objects.update(daily_cap_nanousd=little)
    elif poor != "wallet":
        Project.objects.update(**{poor: little})
    call_often(dana)
    call_often(dana)
    assert not Hold.objects.filter(is_lease=True).exists()


def test_many_calls_at_once_make_one_lease(dana: till.Customer) -> None:
    assert all(isinstance(held, Held) for held in till.all_at_once(dana.ask(CENT) for _ in range(64)))
    assert Hold.objects.filter(is_lease=True).count() == 1


# --- what becomes of a call ----------------------------------------------------------------------


def test_a_short_call_has_its_row_when_it_is_settled(dana: till.Customer, long_leases: None) -> None:
    lease, held = leased(dana), admitted(dana)
    before = dana.wallet
    settled = till.capture(held, 300)
    assert settled == holds.Settled(300, before.balance_nanousd - 300)
    assert facts(held) == ("captured", CENT, 300, False)
    assert dana.wallet.balance_nanousd == before.balance_nanousd - 300
    assert dana.wallet.held_nanousd == before.held_nanousd - 300, "the rest serves the next calls"
    assert lease_of(dana).amount_nanousd == lease.amount_nanousd - 300
    assert LedgerEntry.objects.get(kind=EntryKind.USAGE).pk == held.request_id
    assert Request.objects.get(pk=held.request_id).cost_nanousd == 300
    assert check.findings() == []


def test_a_long_call_has_a_row_soon(dana: till.Customer, long_leases: None) -> None:
    lease, held = leased(dana), admitted(dana)
    before = dana.wallet
    assert eventually(lambda: has_row(held))
    assert facts(held) == ("open", CENT, 0, False)
    assert lease_of(dana).amount_nanousd == lease.amount_nanousd - CENT
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd) == (before.balance_nanousd, before.held_nanousd)
    assert till.capture(held, CENT).charged_nanousd == CENT
    assert facts(held) == ("captured", CENT, CENT, False)


def test_a_checkpoint_makes_the_row_at_once(dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "UNWRITTEN_S", 60.0)
    leased(dana)
    held = admitted(dana)
    holds.checkpoint(held, 700)
    assert eventually(lambda: has_row(held))
    assert Hold.objects.get(pk=held.request_id).checkpoint_nanousd == 700
    assert ledger.sweep(clock.now() + timedelta(hours=1)) > 0
    assert facts(held) == ("expired", CENT, 700, False)


def test_a_call_whose_lease_is_over_has_its_row_at_once(dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """So nobody waits for it who waits for the lease."""
    monkeypatch.setattr(leases, "UNWRITTEN_S", 60.0)
    lease, held = leased(dana), admitted(dana)
    desk._writer.leases.end(project_id=dana.project.pk)
    assert eventually(lambda: Hold.objects.get(pk=lease.pk).state == "voided")
    assert facts(held) == ("open", CENT, 0, False)


def test_a_call_given_back_costs_nothing(dana: till.Customer, long_leases: None) -> None:
    lease = leased(dana)
    before = dana.wallet
    silent, told = admitted(dana), admitted(dana)
    till.run(holds.void(silent))
    till.run(holds.void(told, till.outcome(told, status="upstream_error")))
    assert facts(silent) == facts(told) == ("voided", CENT, 0, False)
    assert list(Request.objects.values_list("pk", "status", "cost_nanousd")) == [(told.request_id, "upstream_error", 0)]
    assert lease_of(dana).amount_nanousd == lease.amount_nanousd
    assert (dana.wallet.balance_nanousd, dana.wallet.held_nanousd) == (before.balance_nanousd, before.held_nanousd)


def test_a_call_settles_once_and_at_most_for_its_hold(dana: till.Customer) -> None:
    leased(dana)
    held = admitted(dana)
    assert till.capture(held, CENT + 500).charged_nanousd == CENT
    assert till.capture(held, 3).charged_nanousd == CENT
    assert PlatformLoss.objects.get().amount_nanousd == 500
    assert LedgerEntry.objects.filter(kind=EntryKind.USAGE).count() == 1


def test_asking_twice_with_one_request_id_holds_once(dana: till.Customer, long_leases: None) -> None:
    leased(dana)
    ask = dana.ask(CENT)
    held = ledger.admit(ask)
    assert ledger.admit(ask) == held
    assert till.authorise(ask) == held
    till.capture(held, 5)
    again = till.authorise(ask)
    assert again.request_id == ask.request_id
    assert till.capture(again, CENT).charged_nanousd == 5
    assert LedgerEntry.objects.filter(kind=EntryKind.USAGE).count() == 1


def test_a_lease_admits_no_more_than_it_holds(dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """From many threads at once, and no row for any of them yet."""
    monkeypatch.setattr(leases, "UNWRITTEN_S", 60.0)
    leased(dana)
    asks = [dana.ask(CENT) for _ in range(2 * leasing.MOST_CALLS)]
    found: list[Held | None] = []
    threads = [threading.Thread(target=lambda part=part: found.extend(map(ledger.admit, asks[part::8]))) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(held is not None for held in found) == leasing.MOST_CALLS
    beyond = till.authorise(dana.ask(CENT))
    assert has_row(beyond), "beyond it a call has to ask"


# --- how long one lasts --------------------------------------------------------------------------


def test_a_lease_in_use_goes_on_and_an_idle_one_ends(dana: till.Customer) -> None:
    lease = leased(dana)
    ends_at, calls = time.monotonic() + 2.5 * leases.LASTS_S, 0
    while time.monotonic() < ends_at or calls <= leasing.MOST_CALLS:
        till.capture(admitted(dana), CENT)
        calls += 1
        time.sleep(0.005)
    assert lease_of(dana).pk == lease.pk
    assert eventually(lambda: not Hold.objects.filter(is_lease=True, state="open").exists())
    assert Hold.objects.get(pk=lease.pk).state == "voided"
    assert dana.wallet.held_nanousd == 5 * CENT
    assert ledger.admit(dana.ask(CENT)) is None
    assert Request.objects.filter(pk=lease.pk).count() == 0


def test_one_that_is_old_is_followed_by_another(dana: till.Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "OLD_S", 0.1)
    lease = leased(dana)
    assert eventually(lambda: not Hold.objects.filter(pk=lease.pk, state="open").exists())
    assert leased(dana).pk != lease.pk


def test_a_lease_ends_with_its_day_and_with_its_key(dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    expires_at = clock.now() + timedelta(minutes=1)
    type(dana.key).objects.update(expires_at=expires_at)
    lease, now = leased(dana), clock.now
    admitted(dana)
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(minutes=2))
    assert ledger.admit(dana.ask(CENT)) is None
    assert eventually(lambda: Hold.objects.get(pk=lease.pk).state == "voided")
    type(dana.key).objects.update(expires_at=None)
    other = leased(dana)
    admitted(dana)
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(days=1))
    assert ledger.admit(dana.ask(CENT)) is None
    assert eventually(lambda: Hold.objects.get(pk=other.pk).state == "voided")


def test_a_process_that_stops_leaves_nothing_set_aside(dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is under way is given its row for that, however young it is."""
    monkeypatch.setattr(leases, "UNWRITTEN_S", 60.0)
    leased(dana)
    held = admitted(dana)
    assert ledger.stop(10)
    assert facts(held) == ("open", CENT, 0, False)
    assert dana.wallet.held_nanousd == 6 * CENT
    assert ledger.admit(dana.ask(CENT)) is None
    assert till.capture(held, 5).charged_nanousd == 5


def test_what_a_killed_process_had_set_aside_is_given_back(dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its lease bears no call, so it costs nothing and is in nobody's Activity; a call that had lasted is there, as before."""
    lease = leased(dana)
    old = admitted(dana)
    assert eventually(lambda: has_row(old))
    monkeypatch.setattr(leases, "UNWRITTEN_S", 60.0)
    young = admitted(dana)
    desk._writer.leases.__init__()  # all that it had in memory
    assert ledger.sweep(clock.now()) == 0
    assert ledger.sweep(clock.now() + timedelta(hours=1)) == 2 + leases.ENOUGH + 1
    assert (Hold.objects.get(pk=lease.pk).state, facts(old)[0], has_row(young)) == ("voided", "expired", False)
    assert dana.wallet.held_nanousd == 0
    assert not Request.objects.filter(pk=lease.pk).exists()
    assert not LedgerEntry.objects.filter(pk=lease.pk).exists()


def test_a_call_whose_lease_is_gone_is_not_charged_and_told_as_a_loss(
    dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The sweeper ended it, while our database was away for longer than a hold lasts."""
    monkeypatch.setattr(leases, "UNWRITTEN_S", 60.0)
    leased(dana)
    held = admitted(dana)
    ledger.sweep(clock.now() + timedelta(hours=1))
    balance = dana.wallet.balance_nanousd
    assert till.capture(held, 300).charged_nanousd == 0
    assert (facts(held), dana.wallet.balance_nanousd) == (("captured", 0, 0, False), balance)
    assert PlatformLoss.objects.get(request_id=held.request_id).amount_nanousd == 300
    assert "its lease has no more" in caplog.text


# --- who stops it --------------------------------------------------------------------------------


def suspend(dana: till.Customer) -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    suspension.suspend(request, dana.organization, "test")


STOPS: dict[str, tuple[Callable[[till.Customer], Any], str]] = {
    "revoke": (lambda dana: keys.revoke(dana.key, actor=None), "invalid_api_key"),
    "disable": (lambda dana: keys.disable(dana.key), "invalid_api_key"),
    "archive": (lambda dana: dana.project.archive(), "invalid_api_key"),
    "suspend": (suspend, "invalid_api_key"),
    "cap of the project": (lambda dana: caps.of_project(dana.project, {"daily_cap_nanousd": CENT}), "project_daily_cap"),
    "cap of the key": (lambda dana: caps.of_key(dana.key, {"monthly_cap_nanousd": CENT}), "key_monthly_cap"),
    "freeze": (lambda dana: ledger.freeze([dana.wallet.pk], clock.now()), "wallet_frozen"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_no_call_starts_once_it_is_told_to_stop(dana: till.Customer, long_leases: None, stop: str) -> None:
    """In this very process a lease is ended, however long it had to go; one that is under way is charged."""
    deed, code = STOPS[stop]
    lease = leased(dana)
    running = admitted(dana)
    deed(dana)
    assert ledger.admit(dana.ask(CENT)) is None
    with pytest.raises(Refusal) as refused:
        till.authorise(dana.ask(CENT))
    assert refused.value.code == code
    assert Hold.objects.get(pk=lease.pk).state == "voided"
    assert till.capture(running, 7).charged_nanousd == 7


@pytest.mark.parametrize("stop", STOPS)
def test_whoever_stops_a_caller_waits_for_leases_of_other_processes(dana: till.Customer, stop: str) -> None:
    leased(dana)
    theirs = desk._writer  # as another process': here nobody can end what it has
    desk._writer = None
    began = clock.monotonic()
    try:
        STOPS[stop][0](dana)
        assert theirs.leases.admit(dana.ask(CENT)) is None
        assert clock.monotonic() - began < leases.LASTS_S + 0.5
    finally:
        assert theirs.stop(10)


def test_a_change_that_concerns_no_lease_is_not_waited_for(dana: till.Customer, long_leases: None) -> None:
    leased(dana)
    other = till.customer("eve")
    began = clock.monotonic()
    for stop, (deed, _) in STOPS.items():
        if stop not in {"freeze", "suspend"}:  # these are rare, and wait in any case
            deed(other)
    assert clock.monotonic() - began < 5
    admitted(dana)


def test_a_renewal_that_is_refused_ends_the_lease(dana: till.Customer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes to the database by hand is heard when it is to go on, not when it would have ended."""
    monkeypatch.setattr(leases, "LASTS_S", 120.0)
    lease = leased(dana)
    for _ in range(leases.ENOUGH):
        till.capture(admitted(dana), 1)
    type(dana.key).objects.update(revoked_at=clock.now())
    desk._writer.leases._by_caller[dana.project.pk, dana.key.pk].until = clock.monotonic() + leases.LASTS_S / 2 - 1
    assert eventually(lambda: Hold.objects.get(pk=lease.pk).state == "voided")
    assert ledger.admit(dana.ask(CENT)) is None


def test_of_two_leases_that_were_made_at_once_one_is_given_back(
    dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases.Leases, "wanted", lambda self, ask: ids.uuid7())
    till.all_at_once([dana.ask(CENT), dana.ask(CENT)])
    assert Hold.objects.filter(is_lease=True).count() == 2
    assert eventually(lambda: Hold.objects.filter(is_lease=True, state="open").count() == 1)
    admitted(dana)


def test_a_project_that_has_moved_takes_nothing_from_its_old_lease(dana: till.Customer, long_leases: None) -> None:
    """It pays from another wallet now, and its calls are another organization's."""
    lease = leased(dana)
    eve = till.customer("eve", dollars="1000.00")
    Project.objects.filter(pk=dana.project.pk).update(organization=eve.organization, name="Moved", is_default=False)
    moved = dana.ask(CENT, organization_id=eve.organization.pk)
    assert ledger.admit(moved) is None
    for _ in range(2 * leases.ENOUGH):
        till.authorise(dana.ask(CENT, organization_id=eve.organization.pk))
    assert eve.wallet.held_nanousd == 2 * leases.ENOUGH * CENT
    assert Hold.objects.get(pk=lease.pk).wallet_id == dana.wallet.pk
    assert check.findings() == []
    Project.objects.filter(pk=dana.project.pk).update(organization=dana.organization, is_default=True)


def test_a_lost_database_ends_all_leases(dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch) -> None:
    leased(dana)
    held, connect = admitted(dana), store.connect
    writer = desk._writer
    writer._store.close()

    def away(**_: Any) -> None:
        raise store.Lost("injected")

    monkeypatch.setattr(writer._store, "transaction", away)
    monkeypatch.setattr(store, "connect", away)
    settling = threading.Thread(target=till.capture, args=(held, 5))
    settling.start()
    lease = writer.leases._by_caller[dana.project.pk, dana.key.pk]
    assert eventually(lambda: lease.until <= clock.monotonic()), "half a minute before its time"
    assert ledger.admit(dana.ask(CENT)) is None
    monkeypatch.setattr(store, "connect", connect)
    settling.join()
    assert facts(held) == ("captured", CENT, 5, False)


def test_a_lease_does_not_end_under_a_call_that_has_no_row_yet(
    dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is refused a few times; the lease that has to end meanwhile waits for it."""
    decide, refused = transaction._decide, [3]

    def refuse_rows(rows: Any, operation: Any, now: Any) -> Any:
        if isinstance(operation, Cut) and refused[0]:
            refused[0] -= len(rows.holds) == 1  # once it is tried by itself
            raise store.Rejected("injected")
        return decide(rows, operation, now)

    monkeypatch.setattr(transaction, "_decide", refuse_rows)
    lease, held = leased(dana), admitted(dana)
    desk._writer.leases.end()
    assert eventually(lambda: Hold.objects.get(pk=lease.pk).state == "voided")
    assert refused == [0]
    assert facts(held) == ("open", CENT, 0, False)
    assert till.capture(held, 5).charged_nanousd == 5


def test_a_lease_that_was_made_and_never_heard_of_is_given_back(
    dana: till.Customer, long_leases: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its transaction was committed, the answer was lost, and the database is away for longer than the call waits."""
    for _ in range(leases.ENOUGH):
        till.authorise(dana.ask(CENT))
    connect, transact, writer = store.connect, Writer._transact, desk._writer
    struck: list[int] = []

    def away(**_: Any) -> None:
        raise store.Lost("injected")

    def commit_and_lose(self: Writer, batch: Any, hurry: bool) -> Any:
        committed = transact(self, batch, hurry)
        if not struck and any(getattr(operation, "lease_id", None) for operation in batch):
            struck.append(1)
            self.leases.__init__()  # what a process does not hear, it does not remember
            monkeypatch.setattr(store, "connect", away)
            raise store.Lost("injected")
        return committed

    monkeypatch.setattr(Writer, "_transact", commit_and_lose)
    with pytest.raises(refusals.LedgerUnavailable):
        till.authorise(dana.ask(CENT))
    monkeypatch.setattr(store, "connect", connect)
    assert struck
    assert writer is desk._writer
    assert eventually(lambda: not Hold.objects.filter(is_lease=True, state="open").exists())
    assert dana.wallet.held_nanousd == leases.ENOUGH * CENT


def test_an_admission_that_is_tried_again_is_not_refused_for_the_sake_of_its_lease(dana: till.Customer, long_leases: None) -> None:
    """It was committed, its answer was lost, and meanwhile the key was revoked: the call has its hold."""
    for _ in range(leases.ENOUGH):
        till.authorise(dana.ask(CENT))
    ask = dana.ask(CENT)
    operation = Authorise(ask)
    future = operation.blocking()
    ledger.submit(operation)
    first = future.result(10)
    type(dana.key).objects.update(revoked_at=clock.now())
    again = Authorise(ask)
    future = again.blocking()
    ledger.submit(again)
    assert again.lease_id == operation.lease_id is not None
    assert future.result(10) == first


# --- all of it at once ---------------------------------------------------------------------------


def test_the_books_are_right_at_every_moment_of_a_busy_second(dana: till.Customer) -> None:
    """Calls of all lengths and ends from two loops, with a second caller, while the ledger is proved again and again."""
    eve = till.customer("eve", dollars="300.00")
    stopped, findings, spent = threading.Event(), list[str](), list[int]()

    async def call(dice: random.Random, customer: till.Customer) -> None:
        held = await holds.authorise(customer.ask(dice.choice((CENT, 3 * CENT)), free=dice.random() < 0.1))
        await asyncio.sleep(dice.choice((0, 0, 0, 0.02, 0.3)))
        if dice.random() < 0.2:
            await holds.void(held)
        else:
            spent.append((await holds.capture(held, till.outcome(held, dice.randrange(2 * CENT)))).charged_nanousd)

    async def everyone(seed: int) -> None:
        dice = random.Random(seed)
        for _ in range(15):
            await asyncio.gather(*(call(dice, dice.choice((dana, dana, eve))) for _ in range(12)))

    def prove() -> None:
        while not stopped.wait(0.05):
            findings.extend(map(str, check.findings()))
        connection.close()

    prover = threading.Thread(target=prove)
    callers = [threading.Thread(target=lambda seed=seed: asyncio.run(everyone(seed))) for seed in (1, 2)]
    for thread in (prover, *callers):
        thread.start()
    for thread in callers:
        thread.join()
    stopped.set()
    prover.join()
    assert findings == []
    assert ledger.stop(10)
    assert dana.wallet.held_nanousd == eve.wallet.held_nanousd == 0
    assert usd("1300") - dana.wallet.balance_nanousd - eve.wallet.balance_nanousd == sum(spent)
    assert not Hold.objects.filter(state="open").exists()
