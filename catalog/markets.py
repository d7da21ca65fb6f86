"""Asks the electricity markets and keeps what they say. Each is asked by a task of its own, so that none waits for another.

The order of truth for a node: its live price, its last known one while that is young enough, the demo feed where
``CLOD_ENERGY_FALLBACK`` chooses it, an estimate. Whatever happens to a market is written to its ``PriceJob``.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
from django.conf import settings
from django.db.models import F, Q

from catalog import prices
from catalog.energy import quality
from catalog.energy.delivered import SLOT, slot_of
from catalog.energy.feeds import Ask, Feed, FeedError, Frozen, Node, PricePoint, RateLimited, SchemaChanged, live, replay
from catalog.energy.feeds.demo import DemoFeed
from catalog.energy.feeds.stored import StoredFeed
from catalog.models import DataCenter, EnergyPrice, PriceJob
from clod_site.lib import clock

RECOMPUTE, RECOMPUTE_LABEL = "recompute", "all prices and ticks"
USUAL = timedelta(days=1)  # what a spike is held against
MESSAGE_CHARS = 500

log = logging.getLogger("catalog.markets")


class Report(msgspec.Struct, frozen=True):
    """What a run that went well has to say."""

    stored: int
    newest_end: datetime | None = None
    message: str = ""


def feed() -> Feed:
    """The source of prices that the settings choose."""
    if settings.CLOD_ENERGY_FEED == "live":
        return StoredFeed()
    return _replay(settings.CLOD_ENERGY_REPLAY) if settings.CLOD_ENERGY_FEED == "replay" else DemoFeed()


@cache
def _replay(files: tuple[str, ...]) -> Feed:
    return replay.ReplayFeed(replay.read(map(Path, files)))


def due(now: datetime) -> list[str]:
    """The feeds to be asked now: those of the active data centers' nodes that have not asked us to wait."""
    waiting = set(PriceJob.objects.filter(not_before__gt=now).values_list("name", flat=True))
    return [name for name in live.asked_of(_nodes()) if name not in waiting]


def ask(name: str, now: datetime) -> None:
    """Ask one market and store what passes the gate. A failure is recorded and logged, never raised."""
    market = live.MARKETS[name]
    _recorded(name, market.LABEL, now, lambda: _collect(name, market, now))


def recompute(now: datetime) -> None:
    """Delivered prices and ticks of everything that is stored; failures are recorded and raised."""
    job = _recorded(RECOMPUTE, RECOMPUTE_LABEL, now, lambda: _recompute(now))
    if job is not None:
        raise job


def _nodes() -> set[Node]:
    return set(DataCenter.objects.filter(active=True).values_list("market", "node"))


# --- one market ----------------------------------------------------------------------------------


def _collect(name: str, market: live.Market, now: datetime) -> Report:
    nodes = live.asked_of(_nodes()).get(name, ())
    question = Ask(nodes, now, getattr(settings, market.KEY_ENV) if market.KEY_ENV else "", settings.CLOD_USD_PER_CAD)
    checked = quality.check(market.parse(market.fetch(question), question), nodes, now, _usual(market.MARKET, nodes, now))
    frozen = _frozen(market.MARKET, nodes, checked.points, now)
    flags = dict.fromkeys(checked.spikes, quality.SPIKE) | dict.fromkeys(frozen, quality.FROZEN)
    prices.store_points(name, checked.points, flags)
    _take_back(checked.points)
    if frozen:
        stuck = sorted({node for (_, node), _ in frozen})
        raise Frozen(f"{', '.join(stuck)}: the same price for {quality.FROZEN_AFTER} intervals or more; it is left to age")
    newest = max((point.interval_end for point in checked.points), default=None)
    return Report(len(checked.points), newest, "; ".join(checked.remarks))


def _frozen(market: str, nodes: Iterable[str], points: Iterable[PricePoint], now: datetime) -> set[tuple[Node, datetime]]:
    """Those of the new points that a frozen node goes on repeating."""
    since = {node: quality.frozen_from(_series(market, node, points, now)) for node in nodes}
    return {
        ((market, point.node), point.interval_start) for point in points if (start := since[point.node]) and point.interval_start >= start
    }


def _usual(market: str, nodes: Iterable[str], now: datetime) -> dict[Node, int]:
    stored: dict[Node, list[int]] = {(market, node): [] for node in nodes}
    rows = EnergyPrice.objects.filter(market=market, node__in=nodes, interval_start__gte=now - USUAL).exclude(source=DemoFeed.name)
    for node, price in rows.values_list("node", "microusd_per_mwh"):
        stored[market, node].append(price)
    return quality.usual_prices(stored)


def _series(market: str, node: str, new: Iterable[PricePoint], now: datetime) -> list[PricePoint]:
    """The node's live prices of the last hours, with the new ones."""
    rows = EnergyPrice.objects.filter(market=market, node=node, interval_start__gte=now - quality.OLDEST).exclude(source=DemoFeed.name)
    known = {row.interval_start: _point(row) for row in rows}
    known |= {point.interval_start: point for point in new if point.node == node}
    return [known[start] for start in sorted(known)]


def _point(row: EnergyPrice) -> PricePoint:
    return PricePoint(row.market, row.node, row.interval_start, row.interval_end, row.microusd_per_mwh)


def _take_back(points: Iterable[PricePoint]) -> None:
    """Where the demo feed stood in, a live price has the last word from its interval on."""
    for point in points:
        later = EnergyPrice.objects.filter(market=point.market, node=point.node, interval_start__gt=point.interval_start)
        later.filter(source=DemoFeed.name).delete()


# --- all of them -----------------------------------------------------------------------------------


def _recompute(now: datetime) -> Report:
    if settings.CLOD_ENERGY_FEED == "live" and settings.CLOD_ENERGY_FALLBACK == "demo":
        _stand_in(now)
    return Report(prices.recompute(now, feed()))


def _stand_in(now: datetime) -> None:
    """The demo feed's price of this interval for nodes whose market has been silent for too long."""
    nodes = [node for node in _nodes() if quality.stand_in(_newest(node), now, may_be_demo=True) == quality.DEMO]
    demo, slot = DemoFeed(), slot_of(now)
    prices.store_points(demo.name, demo.points(nodes, slot, slot + SLOT))


def _newest(node: Node) -> PricePoint | None:
    rows = EnergyPrice.objects.filter(market=node[0], node=node[1]).exclude(source=DemoFeed.name).exclude(flag=quality.FROZEN)
    row = rows.order_by("-interval_start").first()
    return _point(row) if row else None


# --- what is remembered of a run ---------------------------------------------------------------------


def _recorded(name: str, label: str, now: datetime, work: Callable[[], Report]) -> Exception | None:
    began, error, report = clock.monotonic(), None, Report(0)
    try:
        report = work()
    except Exception as raised:  # a time limit, the database, a fault of ours: one market's trouble is nobody else's
        error = raised
        _log(label, raised)
    job, _ = PriceJob.objects.get_or_create(name=name, defaults={"label": label, "last_run_at": now, "duration_ms": 0})
    PriceJob.objects.filter(pk=job.pk).update(
        label=label,
        last_run_at=now,
        duration_ms=round((clock.monotonic() - began) * 1000),
        outcome=_outcome(error),
        message=(str(error) if error else report.message)[:MESSAGE_CHARS],
        stored=report.stored,
        failures_in_a_row=F("failures_in_a_row") + 1 if error else 0,
        not_before=now + timedelta(seconds=error.retry_after_s) if isinstance(error, RateLimited) else None,
    )
    if report.newest_end:
        older = Q(newest_interval_end=None) | Q(newest_interval_end__lt=report.newest_end)
        PriceJob.objects.filter(older, pk=job.pk).update(newest_interval_end=report.newest_end)
    return error


def _outcome(error: Exception | None) -> str:
    if error is None:
        return "ok"
    return type(error).__name__ if isinstance(error, FeedError) else "Failed"


def _log(label: str, error: Exception) -> None:
    """A changed format needs an operator; an outage mends itself."""
    if isinstance(error, FeedError):
        log.log(logging.ERROR if isinstance(error, SchemaChanged) else logging.WARNING, "%s: %s: %s", label, type(error).__name__, error)
    else:
        log.error("%s failed", label, exc_info=error)
