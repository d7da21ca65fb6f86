"""The live feed as ``catalog.prices`` sees it: the markets have been asked, each by its own task, and what they said is stored."""

from collections.abc import Collection
from datetime import datetime

from catalog.energy.feeds import Node, PricePoint


class StoredFeed:
    """Implements ``catalog.energy.feeds.Feed``: it adds nothing, and knows no past but the stored one."""

    name, label, has_past = "stored", "live markets", False

    def points(self, market_nodes: Collection[Node], start: datetime, end: datetime) -> list[PricePoint]:
        return []

    def mean(self, market_node: Node, adder: int, start: datetime, end: datetime) -> int | None:
        return None
