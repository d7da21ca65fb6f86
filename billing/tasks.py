"""Recurring jobs of the ledger; when they run is in ``clod_site.schedule``."""

from celery import shared_task

from billing import ledger, reconcile
from clod_site.lib import clock


@shared_task(time_limit=110)
def sweep_holds() -> None:
    ledger.sweep(clock.now())


@shared_task(time_limit=110)
def reconcile_wallets() -> None:
    reconcile.reconcile(clock.now())
