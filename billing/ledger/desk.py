"""The ledger's counter: one writer a process, started when it is first needed, and the calls Django code makes."""

import logging
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, wait
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from billing import refusals
from billing.ledger import leases
from billing.ledger.cleaning import storable
from billing.ledger.operations import Checkpoint, Credit, Ending, Operation, Settle
from billing.ledger.writer import Ended, Writer
from billing.models import EntryKind, Hold, HoldState, LedgerEntry, Wallet
from billing.terms import Held, HoldAsk
from clod_site.lib import clock
from clod_site.lib.measures import Gauge

log = logging.getLogger("clod.ledger")

CREDIT_TIMEOUT_S, SWEEP_TIMEOUT_S = 20, 60
KEY_LENGTH = 120
SWEEP_AT_ONCE = 500
LOOK_AGAIN_S = 0.02
COMES_IN = {EntryKind.TOPUP, EntryKind.CREDIT}

_writer: Writer | None = None
_lock = threading.Lock()


def start() -> None:
    """Start the writer of this process, which first settles what expired while nobody was looking. Safe to call again."""
    _running()


def stop(timeout_s: float) -> bool:
    """Finish all that waits; False when it took longer. Whatever comes next starts a new writer."""
    global _writer
    with _lock:
        writer, _writer = _writer, None
    return writer.stop(timeout_s) if writer else True


def waiting() -> int:
    """How many operations wait for the next transaction."""
    writer = _writer
    return writer.waiting if writer else 0


def leased() -> int:
    """How many callers this process has set money aside for."""
    writer = _writer
    return len(writer.leases) if writer else 0


Gauge("clod_ledger_waiting", "Operations that wait for the ledger's next transaction.", waiting)
Gauge("clod_ledger_leases", "Callers that money is set aside for ahead of their calls.", leased)


def submit(operation: Operation) -> None:
    """Hand an operation to the writer. Raises LedgerBusy when too many wait."""
    while True:
        try:
            return _running().submit(operation)
        except Ended:
            continue


def admit(ask: HoldAsk) -> Held | None:
    """A hold from a lease of this process, without waiting for anything; None where it has to be asked for."""
    writer = _writer
    return writer.leases.admit(ask) if writer else None


def await_leases(*, organization_id: UUID | None = None, project_id: UUID | None = None, api_key_id: UUID | None = None) -> None:
    """Wait until no process admits calls on leases that were made before now: a second, and less where there are none.

    For whoever has committed that there be no more calls, or fewer. Renewals see what they committed. A project and its key are read under
    their lock, so each lease made without regard to the change was committed before it, and is seen here. An organization is not locked:
    a lease that nobody can see yet may come to light, and what is sure is the second.
    """
    if writer := _writer:
        writer.leases.end(organization_id=organization_id, project_id=project_id, api_key_id=api_key_id)
    if organization_id:
        time.sleep(leases.LASTS_S)
    else:
        whose = {"project_id": project_id, "api_key_id": api_key_id}
        _wait_while_alive(**{name: value for name, value in whose.items() if value})


def _wait_while_alive(**whose: Any) -> None:
    """For a second at most: then they admit nobody, alive or not."""
    ends_at, alive = clock.monotonic() + leases.LASTS_S, Hold.objects.filter(state=HoldState.OPEN, is_lease=True, **whose)
    while (left_s := ends_at - clock.monotonic()) > 0:
        try:
            if not alive.exists():
                return
            time.sleep(min(left_s, LOOK_AGAIN_S))
        except DatabaseError as error:
            log.warning("leases cannot be looked at, they end by themselves: %s", error)
            time.sleep(left_s)


def submit_checkpoint(operation: Checkpoint) -> None:
    _running().checkpoint(operation)


def credit(wallet_id: UUID, amount_nanousd: int, *, key: str, reason: str, kind: str = EntryKind.CREDIT) -> LedgerEntry:
    """Move a balance by ``amount_nanousd`` (negative takes), once: the same key and kind again return the first entry.

    Blocks until it is committed, so call it outside of a transaction. Raises KeyReused when the key was used for another
    amount or wallet, InsufficientFunds when the wallet has less available than is taken, LedgerBusy or LedgerUnavailable
    when it cannot be done now; it is safe to call again with the same key.
    """
    _check_movement(amount_nanousd, key, kind)
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "credit outside of transaction.atomic, or in transaction.on_commit: it waits for its own commit"
        )
    operation = Credit(wallet_id, amount_nanousd, key, storable(reason, 200), EntryKind(kind).value)
    future = operation.blocking()
    submit(operation)
    try:
        entry_id = future.result(CREDIT_TIMEOUT_S)
    except TimeoutError:
        raise refusals.LedgerUnavailable from None
    return LedgerEntry.objects.get(pk=entry_id)


def sweep(now: datetime) -> int:
    """Capture every hold that has expired at its last checkpoint, and say how many there were.

    One that cannot be settled keeps no other from it; its error is raised in the end.
    """
    swept, stuck = 0, dict[UUID, BaseException]()
    while expired := _expired(now, besides=stuck):
        futures = [_expire(hold) for hold in expired]
        if wait(futures, SWEEP_TIMEOUT_S).not_done:
            raise refusals.LedgerBusy
        failed = {hold.pk: error for hold, future in zip(expired, futures, strict=True) if (error := future.exception())}
        swept += len(expired) - len(failed)
        stuck |= failed
    for hold_id, error in stuck.items():
        log.error("hold %s has expired and cannot be settled: %r", hold_id, error)
    if stuck:
        raise next(iter(stuck.values()))
    return swept


def _expire(hold: Hold) -> "Future[Any]":
    operation = _end_of(hold)
    future = operation.blocking()
    submit(operation)
    return future


def freeze(wallet_ids: Iterable[UUID], now: datetime) -> int:
    """Stop new holds of these wallets; how many were not frozen before. People thaw them in the admin."""
    ids = list(wallet_ids)
    frozen = Wallet.objects.filter(pk__in=ids, frozen_at=None).update(frozen_at=now)
    if writer := _writer:
        writer.leases.end()
    transaction.on_commit(lambda: _wait_while_alive(wallet_id__in=ids))
    return frozen


def _running() -> Writer:
    global _writer
    with _lock:
        if _writer is None:
            _writer = Writer(first=_settle_leftovers, successor=submit)
            _writer.start()
        return _writer


def _settle_leftovers(writer: Writer) -> None:
    """The writer's first thoughts are of holds that expired while it was not running."""
    try:
        for hold in _expired(clock.now()):
            writer.submit(_end_of(hold))
    except Exception as error:
        log.warning("expired holds are left to the sweeper: %s", error)
    finally:
        connection.close()


def _end_of(hold: Hold) -> Settle:
    """What was used of a call's hold for sure is charged; a lease is of no call, and what is left in it is given back."""
    return Settle(_held(hold), Ending.VOID if hold.is_lease else Ending.EXPIRE)


def _expired(now: datetime, besides: Iterable[UUID] = ()) -> list[Hold]:
    late = Hold.objects.filter(state=HoldState.OPEN, expires_at__lte=now).exclude(pk__in=list(besides))
    return list(late.select_related("project").order_by("expires_at")[:SWEEP_AT_ONCE])


def _held(hold: Hold) -> Held:
    return Held(
        request_id=hold.pk,
        organization_id=hold.project.organization_id,
        project_id=hold.project_id,
        api_key_id=hold.api_key_id,
        wallet_id=hold.wallet_id,
        price_tick_id=hold.price_tick_id,
        funding=hold.funding,
        amount_nanousd=hold.amount_nanousd,
        day_key=hold.day_key,
        month_key=hold.month_key,
        expires_at=hold.expires_at,
    )


def _check_movement(amount_nanousd: int, key: str, kind: str) -> None:
    if kind == EntryKind.USAGE:
        raise ValueError("usage is charged by settling a hold")
    if amount_nanousd == 0 or (kind in COMES_IN and amount_nanousd < 0):
        raise ValueError(f"a {kind} of {amount_nanousd} nano-dollars moves no money in; use an adjustment or a refund to take some")
    if not 0 < len(key) <= KEY_LENGTH:
        raise ValueError(f"the key must have 1 to {KEY_LENGTH} characters")


def _forget() -> None:
    """A forked child has no writer thread, whatever its memory says."""
    global _writer, _lock
    _writer, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_forget)
