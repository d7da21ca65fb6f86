"""The replay feed: real history from CSV files, played again as if it were now. Also what the back-test reads.

Format: a header ``timestamp,market,node,price_usd_mwh``, then one interval a line. Unit: USD per MWh. Clock: UTC, the
beginning of the interval, ISO 8601 with a Z or an offset. How long a node's intervals are follows from their distance.
Licence: whatever the file has; none is shipped. Not today's market: whatever shows these prices says "replay".

The files' whole weeks, from their first Monday, are played in a loop, so that a Tuesday noon is played on a Tuesday at noon.
"""

import csv
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from catalog.energy import tariff
from catalog.energy.feeds import NoData, Node, PricePoint, SchemaChanged

COLUMNS = ("timestamp", "market", "node", "price_usd_mwh")
LONGEST = timedelta(hours=1)
WEEK = timedelta(weeks=1)
MONDAY = datetime(2024, 1, 1, tzinfo=UTC)
MAX_USD_PER_MWH = 10_000


class ReplayFeed:
    """Implements ``catalog.energy.feeds.Feed`` from points of the past; they must cover a week from Monday 00:00 UTC."""

    name, label, has_past = "replay", "replay of past prices", True

    def __init__(self, points: Sequence[PricePoint]) -> None:
        self._first, self._length = _whole_weeks(points)
        self._by_node: dict[Node, list[PricePoint]] = {}
        for point in points:
            if self._first <= point.interval_start < self._first + self._length:
                self._by_node.setdefault((point.market, point.node), []).append(point)

    def points(self, market_nodes: Collection[Node], start: datetime, end: datetime) -> list[PricePoint]:
        return [point for node in sorted(set(market_nodes)) for point in self._played(node, start, end)]

    def mean(self, market_node: Node, adder: int, start: datetime, end: datetime) -> int | None:
        """Of everything that is played: the loop has no other past."""
        known = self._by_node.get(market_node)
        return sum(tariff.delivered(point.microusd_per_mwh, adder) for point in known) // len(known) if known else None

    def _played(self, node: Node, start: datetime, end: datetime) -> Iterator[PricePoint]:
        round_ = math.floor((start - self._first) / self._length)
        while self._first + round_ * self._length < end:
            shift = round_ * self._length
            for point in self._by_node.get(node, ()):
                if start <= point.interval_start + shift < end:
                    yield PricePoint(*node, point.interval_start + shift, point.interval_end + shift, point.microusd_per_mwh)
            round_ += 1


def _whole_weeks(points: Sequence[PricePoint]) -> tuple[datetime, timedelta]:
    begin, end = min(point.interval_start for point in points), max(point.interval_end for point in points)
    first = MONDAY + math.ceil((begin - MONDAY) / WEEK) * WEEK
    weeks = (end - first) // WEEK
    if weeks < 1:
        raise NoData(f"the files go from {begin:%Y-%m-%d} to {end:%Y-%m-%d}, which holds no whole week from Monday 00:00 UTC")
    return first, weeks * WEEK


def read(paths: Iterable[Path]) -> list[PricePoint]:
    """Every interval of the files by market, node and time; the later of two lines about the same interval counts.

    Raises SchemaChanged naming file, line and column, and NoData when there is no line at all.
    """
    prices: dict[Node, dict[datetime, int]] = {}
    for path in paths:
        for node, start, price in _lines(path):
            prices.setdefault(node, {})[start] = price
    if not prices:
        raise NoData("the files hold no prices")
    return [point for node in sorted(prices) for point in _points(node, prices[node])]


def _lines(path: Path) -> Iterator[tuple[Node, datetime, int]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        if missing := [column for column in COLUMNS if column not in (rows.fieldnames or ())]:
            raise SchemaChanged(f"{path.name} has no column {missing[0]}; the columns are {', '.join(COLUMNS)}")
        for row in rows:
            where = f"{path.name}, line {rows.line_num}"
            yield (row["market"], row["node"]), _instant(row["timestamp"], where), _microusd(row["price_usd_mwh"], where)


def _instant(text: str | None, where: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text or "")
    except ValueError:
        raise SchemaChanged(f"{where}: timestamp {text!r} is not like 2024-08-05T00:00:00Z") from None
    if instant.tzinfo is None:
        raise SchemaChanged(f"{where}: timestamp {text!r} has no time zone; write UTC with a Z at the end")
    return instant.astimezone(UTC)


def _microusd(text: str | None, where: str) -> int:
    try:
        usd = float(text or "")
    except ValueError:
        raise SchemaChanged(f"{where}: price_usd_mwh {text!r} is not a number") from None
    if not abs(usd) <= MAX_USD_PER_MWH:
        raise SchemaChanged(f"{where}: price_usd_mwh {text!r} is beyond {MAX_USD_PER_MWH:,} USD per MWh")
    return round(usd * 1_000_000)


def _points(node: Node, prices: dict[datetime, int]) -> Iterator[PricePoint]:
    starts = sorted(prices)
    gaps = Counter(later - earlier for earlier, later in pairwise(starts))
    length = min(max(gaps, key=lambda gap: (gaps[gap], -gap)) if gaps else LONGEST, LONGEST)
    for start in starts:
        yield PricePoint(*node, start, start + length, prices[start])
