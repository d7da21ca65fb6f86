"""Recurring jobs of the request log; when they run is in ``clod_site.schedule``."""

from celery import shared_task

from activity import key_use, rollups
from activity.bodies import retention
from clod_site.lib import clock


@shared_task(time_limit=30)
def mark_keys_used() -> None:
    key_use.mark(clock.now())


@shared_task(time_limit=230)
def add_up_usage() -> None:
    rollups.advance(clock.now())


@shared_task(time_limit=1700)
def delete_bodies() -> None:
    retention.prune(clock.now())
