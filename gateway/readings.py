"""What ``/metrics`` tells of the stores: read by a thread of its own, every ten seconds at most, and only while somebody asks.

With a store away the last readings are told, and ``clod_stores_read_age_seconds`` says how old they are.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, cast

import msgspec
import redis
from django.conf import settings
from django.db import connection
from django.db.models import Count, Min, Q, Sum

from billing.models import Hold, HoldState, PlatformLoss, Wallet
from catalog.models import PriceJob, PriceTick
from clod_site.lib import clock
from clod_site.lib.measures import Gauge, Readings
from gateway import snapshots
from gateway.errors import Unavailable
from gateway.telling import NANO

log = logging.getLogger("gateway.metrics")

MAX_AGE_S = 10.0
WAIT_S = 0.4  # for fresh readings; then the last ones are told
REDIS_S = 0.3
QUEUE = "celery"

_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics-reader")
_reading = threading.Lock()


class Stores(msgspec.Struct, frozen=True):
    read_at: float  # on the clock that never jumps
    holds: int = 0
    held_nanousd: int = 0
    oldest_hold_at: datetime | None = None
    lost_nanousd: int = 0
    frozen_wallets: int = 0
    feeds: tuple[tuple[str, datetime | None, datetime, int], ...] = ()  # name, end of the newest interval, last run, failures in a row
    newest_tick_at: datetime | None = None
    jobs_waiting: int | None = None


_known: Stores | None = None


async def refresh() -> None:
    """Read what is older than ten seconds, and wait for it a moment."""
    if (_known is None or clock.monotonic() - _known.read_at > MAX_AGE_S) and not _reading.locked():
        try:
            await snapshots.read(_read, within_s=WAIT_S, readers=_reader)
        except Unavailable as error:
            log.warning("The stores cannot be read for /metrics; the last readings are told: %s", error.__cause__)


def forget() -> None:
    global _known
    _known = None


def _read() -> None:
    global _known
    with _reading:
        _known = _stores()


def _stores() -> Stores:
    of_calls = Q(is_lease=False)
    open_ = Hold.objects.filter(state=HoldState.OPEN).aggregate(
        n=Count("pk", filter=of_calls), amount=Sum("amount_nanousd"), oldest=Min("created_at", filter=of_calls)
    )
    jobs = PriceJob.objects.values_list("name", "newest_interval_end", "last_run_at", "failures_in_a_row").order_by("name")
    return Stores(
        read_at=clock.monotonic(),
        holds=open_["n"],
        held_nanousd=int(open_["amount"] or 0),
        oldest_hold_at=open_["oldest"],
        lost_nanousd=int(PlatformLoss.objects.aggregate(amount=Sum("amount_nanousd"))["amount"] or 0),
        frozen_wallets=Wallet.objects.exclude(frozen_at=None).count(),
        feeds=tuple(jobs),
        newest_tick_at=PriceTick.objects.order_by("-pk").values_list("valid_from", flat=True).first(),
        jobs_waiting=_jobs_waiting(),
    )


def _jobs_waiting() -> int | None:
    """None where the queue is in memory, or does not answer."""
    if not settings.REDIS_URL:
        return None
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=REDIS_S, socket_connect_timeout=REDIS_S) as queue:
            return cast("int", queue.llen(QUEUE))
    except redis.RedisError:
        return None


def _pool() -> Readings | None:
    """Of Django's connections; the ledger has one more of its own. None on SQLite."""
    pool = _pool_of_this_process()
    if pool is None:
        return None
    stats = pool.get_stats()
    idle = stats.get("pool_available", 0)
    return {("in_use",): stats.get("pool_size", 0) - idle, ("idle",): idle}


def _pool_waiting() -> float | None:
    pool = _pool_of_this_process()
    return None if pool is None else pool.get_stats().get("requests_waiting", 0)


def _pool_of_this_process() -> Any:
    return getattr(connection, "pool", None) if connection.vendor == "postgresql" else None


def _of_stores(read: Callable[[Stores], float | Readings | None]) -> Callable[[], float | Readings | None]:
    return lambda: None if _known is None else read(_known)


def _age_s(instant: datetime | None) -> float:
    return max((clock.now() - instant).total_seconds(), 0.0) if instant else 0.0


def _feed_ages(stores: Stores) -> Readings:
    return {(name,): _age_s(newest) for name, newest, _, _ in stores.feeds if newest}


Gauge("clod_stores_read_age_seconds", "How old the readings of the stores are.", _of_stores(lambda s: clock.monotonic() - s.read_at))
Gauge("clod_holds_open", "Calls that money or a free request is held for.", _of_stores(lambda s: s.holds))
Gauge("clod_holds_usd", "What is held in all.", _of_stores(lambda s: s.held_nanousd / NANO))
Gauge("clod_holds_oldest_seconds", "How old the oldest open hold is.", _of_stores(lambda s: _age_s(s.oldest_hold_at)))
Gauge("clod_platform_loss_usd", "What calls cost beyond their holds, since the beginning.", _of_stores(lambda s: s.lost_nanousd / NANO))
Gauge("clod_wallets_frozen", "Wallets whose sums differed: no new holds until somebody has looked.", _of_stores(lambda s: s.frozen_wallets))
Gauge("clod_feed_age_seconds", "Since the end of the newest interval that a market's feed has given.", _of_stores(_feed_ages), ("job",))
Gauge(
    "clod_price_job_age_seconds",
    "Since a price job, a market's feed or the prices themselves, ran last.",
    _of_stores(lambda s: {(name,): _age_s(ran) for name, _, ran, _ in s.feeds}),
    ("job",),
)
Gauge(
    "clod_price_job_failures",
    "How often in a row a price job has failed.",
    _of_stores(lambda s: {(name,): failures for name, _, _, failures in s.feeds}),
    ("job",),
)
Gauge("clod_price_tick_age_seconds", "Since the newest price tick came into force.", _of_stores(lambda s: _age_s(s.newest_tick_at)))
Gauge("clod_jobs_waiting", "Jobs in Celery's queue.", _of_stores(lambda s: s.jobs_waiting))
Gauge("clod_database_pool", "Connections of Django's pool to PostgreSQL.", _pool, ("state",))
Gauge("clod_database_pool_waiting", "Threads that wait for one of them.", _pool_waiting)
