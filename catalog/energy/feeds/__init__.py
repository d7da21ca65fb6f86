"""Where market prices come from. A feed answers for market nodes and a span of time; it never touches the database.

A live market is a module with two functions, ``fetch(ask) -> bytes`` (the network) and a pure
``parse(bytes, ask) -> list[PricePoint]``; ``live.py`` lists them. A feed that cannot answer raises, and the caller goes on
with the prices it has:

    FeedError
    ├── SourceDown       no answer in time, or a server error: try again
    ├── RateLimited      too many calls: try again after ``retry_after_s``
    ├── SchemaChanged    the format is not the published one: tell an operator, do not retry
    ├── NoData           a well-formed answer without the nodes asked for
    ├── Frozen           the same price again and again: what is published is not measured
    └── AuthMissing      the market wants a key that is not configured
"""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

Node = tuple[str, str]  # market, node


class PricePoint(msgspec.Struct, frozen=True):
    """One interval of one node in UTC, micro-USD per MWh."""

    market: str
    node: str
    interval_start: datetime
    interval_end: datetime
    microusd_per_mwh: int


class Ask(msgspec.Struct, frozen=True):
    """What a live market is asked for, and what its answer is read with. ``key`` is the market's API key, if it wants one."""

    nodes: tuple[str, ...]
    now: datetime
    key: str = ""
    usd_per_cad: float = 0.72


class Feed(Protocol):
    """What ``catalog.prices`` asks of every source. One that ``has_past`` can fill the days before a site's first price."""

    name: str
    label: str
    has_past: bool

    def points(self, market_nodes: Collection[Node], start: datetime, end: datetime) -> list[PricePoint]:
        """Every known interval that begins in [start, end). Nodes the feed does not know are left out. Raises FeedError."""

    def mean(self, market_node: Node, adder: int, start: datetime, end: datetime) -> int | None:
        """The mean delivered price of a past span, micro-USD per MWh; None when only the stored prices can tell."""


class FeedError(Exception):
    """A source did not give prices this time."""


class SourceDown(FeedError):
    pass


class RateLimited(FeedError):
    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SchemaChanged(FeedError):
    pass


class NoData(FeedError):
    pass


class Frozen(FeedError):
    pass


class AuthMissing(FeedError):
    pass
