"""Recurring jobs of the ledger; when they run is in ``clod_site.schedule``."""

from celery import shared_task

from billing import alert_mails, alerts, auto_top_up, checking, ledger, low_wallet, notices, payment_events, reconcile, topups
from clod_site.lib import clock


@shared_task(time_limit=110)
def sweep_holds() -> None:
    ledger.sweep(clock.now())


@shared_task(time_limit=110)
def reconcile_wallets() -> None:
    reconcile.reconcile(clock.now())


@shared_task(time_limit=960)
def check_ledger() -> None:
    """Longer than the database lets the check take."""
    checking.run(clock.now())


@shared_task(time_limit=110)
def prepare_days() -> None:
    ledger.prepare(clock.now())


@shared_task(time_limit=110)
def forget_answers() -> None:
    ledger.forget_answers(clock.now())


@shared_task(time_limit=110)
def prune_periods() -> None:
    ledger.prune(clock.now())


@shared_task(time_limit=110)
def tend_top_ups() -> None:
    """What payment events left undone, what wallets owe, orders nobody paid, and mails about them."""
    now = clock.now()
    payment_events.act_on_leftovers(now)
    topups.expire(now)
    notices.send_all(now)
    low_wallet.send_all(now)


@shared_task(time_limit=110)
def top_up_automatically() -> None:
    auto_top_up.run(clock.now())


@shared_task(time_limit=110)
def alert_about_budgets() -> None:
    """Thresholds of caps that were reached, and the mails about them."""
    now = clock.now()
    alerts.find(now)
    alert_mails.send_all(now)
