"""Background jobs of the catalog."""

from typing import Any

from celery import shared_task, signals
from django.conf import settings

from catalog import markets, prices, retention
from clod_site.lib import clock

MARKET_LIMIT_S = 55
EXPIRES_S = 240


@shared_task(soft_time_limit=60, time_limit=90)
def refresh_prices() -> None:
    """The electricity of this interval and the token prices that follow from it. Live markets are asked first, all at once."""
    if settings.CLOD_ENERGY_FEED != "live":
        markets.recompute(clock.now())
        return
    for name in markets.due(clock.now()):
        ask_market.apply_async(args=(name,), expires=EXPIRES_S)
    recompute_prices.apply_async(countdown=MARKET_LIMIT_S, expires=EXPIRES_S)


@shared_task(soft_time_limit=MARKET_LIMIT_S - 5, time_limit=MARKET_LIMIT_S)
def ask_market(name: str) -> None:
    markets.ask(name, clock.now())


@shared_task(soft_time_limit=60, time_limit=90)
def recompute_prices() -> None:
    markets.recompute(clock.now())


@shared_task(soft_time_limit=60, time_limit=90)
def price_endpoints() -> None:
    """When a worker starts: keys and addresses may have come with its environment."""
    prices.price_endpoints(clock.now())


@signals.worker_ready.connect
def _worker_starts(**_: Any) -> None:
    price_endpoints.apply_async(expires=EXPIRES_S)


@shared_task(soft_time_limit=240, time_limit=300)
def prune_prices() -> None:
    retention.prune(clock.now())
