"""What of a market's answer may be stored, and which price stands in when it is late. Pure.

Refused: prices beyond the market's bounds, intervals that are old, in the future, empty or longer than an hour. Kept and
flagged: spikes, which are real. A market that says the same price for an hour is taken for frozen: what it goes on saying is
kept and flagged too, but no price follows from it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import msgspec

from catalog.energy.delivered import ESTIMATED, FRESH, freshness
from catalog.energy.feeds import Node, PricePoint

USD = 1_000_000
OLDEST, AHEAD = timedelta(hours=3), timedelta(minutes=20)
LONGEST = timedelta(hours=1)
DEFAULT_BOUNDS = -1_000 * USD, 10_000 * USD
BOUNDS = {  # USD per MWh; well outside what the market's own rules allow, so that only nonsense is refused
    "CAISO": (-1_000 * USD, 4_000 * USD),
    "ERCOT": (-1_000 * USD, 10_000 * USD),
    "AESO": (-100 * USD, 2_000 * USD),
    "IESO": (-2_500 * USD, 4_000 * USD),
}
SPIKE_TIMES, SPIKE_FROM = 5, 200 * USD
SPIKE, FROZEN = "spike", "frozen"
FROZEN_AFTER = 12
HOLDS = frozenset({"AESO"})  # one price stands until the next offer is called, for hours in a quiet night

LIVE, LAST_KNOWN, DEMO, ESTIMATE = "live", "last known", "demo", "estimate"


class Checked(msgspec.Struct, frozen=True):
    """The points to store, the keys of those that are spikes, and a sentence about each refused or doubled one."""

    points: list[PricePoint]
    spikes: frozenset[tuple[Node, datetime]]
    remarks: list[str]


def check(points: Sequence[PricePoint], nodes: Sequence[str], now: datetime, usual: Mapping[Node, int]) -> Checked:
    """``usual`` is each node's recent median price, where there is one. Of two points about one interval the later one counts."""
    kept: dict[tuple[Node, datetime], PricePoint] = {}
    remarks = []
    for point in points:
        key = (point.market, point.node), point.interval_start
        if fault := _fault(point, now):
            remarks.append(f"{point.node} {point.interval_start:%H:%M}: {fault}")
        elif key in kept and kept[key] != point:
            remarks.append(f"{point.node} {point.interval_start:%H:%M}: twice, with different prices")
        if not fault:
            kept[key] = point
    silent = set(nodes) - {point.node for point in points}
    remarks += [f"{node}: missing from the answer" for node in sorted(silent)]
    return Checked([*kept.values()], frozenset(key for key, point in kept.items() if is_spike(point, usual.get(key[0]))), remarks)


def _fault(point: PricePoint, now: datetime) -> str:
    low, high = BOUNDS.get(point.market, DEFAULT_BOUNDS)
    if not low <= point.microusd_per_mwh <= high:
        return f"${point.microusd_per_mwh / USD:,.2f} is beyond what {point.market} can cost"
    if point.interval_start > now + AHEAD:
        return "is in the future"
    if point.interval_start < now - OLDEST:
        return "is more than three hours old"
    if not timedelta(0) < point.interval_end - point.interval_start <= LONGEST:
        return "does not end after it begins, or lasts longer than an hour"
    return ""


def is_spike(point: PricePoint, usual: int | None) -> bool:
    """Dear, and several times what the node usually costs."""
    return point.microusd_per_mwh >= max(SPIKE_FROM, SPIKE_TIMES * (usual or 0))


def usual_prices(stored: Mapping[Node, Sequence[int]]) -> dict[Node, int]:
    return {node: round(median(prices)) for node, prices in stored.items() if prices}


def frozen_from(series: Sequence[PricePoint]) -> datetime | None:
    """Of one node, oldest first: since when it has cost the same to the last digit for more than eleven intervals without a gap.

    Prices of zero and below do not count: a market with too much wind or water stands at its floor for hours.
    """
    newest = series[-1] if series else None
    if newest is None or newest.market in HOLDS or newest.microusd_per_mwh <= 0 or newest.interval_end - newest.interval_start >= LONGEST:
        return None
    run = 1
    for after, before in pairwise(reversed(series)):
        if before.interval_end != after.interval_start or before.microusd_per_mwh != after.microusd_per_mwh:
            break
        run += 1
    return series[-run + FROZEN_AFTER - 1].interval_start if run >= FROZEN_AFTER else None


def stand_in(newest: PricePoint | None, now: datetime, *, may_be_demo: bool) -> str:
    """Which price a node has now: the live one, its last one while that is young enough, the demo feed's where chosen, an estimate."""
    trust = freshness(now - newest.interval_end, newest.interval_end - newest.interval_start) if newest else ESTIMATED
    if trust == FRESH:
        return LIVE
    if trust != ESTIMATED:
        return LAST_KNOWN
    return DEMO if may_be_demo else ESTIMATE
