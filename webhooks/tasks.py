"""Jobs of webhooks; when they run is in ``clod_site.schedule``."""

from celery import shared_task

from clod_site.lib import clock
from webhooks import retention, sending


@shared_task(time_limit=110)
def deliver() -> None:
    sending.run(clock.now())


@shared_task(time_limit=110)
def forget_events() -> None:
    retention.forget(clock.now())
