"""Background jobs of the catalog."""

from celery import shared_task

from catalog import prices
from clod_site.lib import clock


@shared_task(soft_time_limit=60, time_limit=90)
def refresh_prices() -> None:
    """The electricity of this interval and the token prices that follow from it."""
    prices.recompute(clock.now())
