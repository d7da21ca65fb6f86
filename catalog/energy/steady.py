"""Staying where we are until moving is worth it: the hysteresis of energy routing. Pure.

Without it a request stream would change sites some seventeen times a day for a few cents, and lose its prefix caches.
"""

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from typing import Generic, TypeVar

import msgspec

from catalog.energy.delivered import margin

Site = TypeVar("Site", bound=Hashable)
FORGET = timedelta(minutes=30)  # nobody routed for so long: no cache is warm, the cheapest site wins at once


class Stance(msgspec.Struct, Generic[Site], frozen=True):
    """Where requests go in an interval, and whether another site was already cheaper by the margin in it."""

    site: Site
    interval: datetime
    is_tempted: bool = False


def step(before: Stance[Site] | None, prices: Mapping[Site, int], interval: datetime) -> Stance[Site]:
    """The stance in ``interval``, given the delivered prices of the sites that are available now.

    A site that has gone is left at once. Otherwise another one must be cheaper by more than $5 per MWh or 10 %, whichever
    is more, in two consecutive intervals.
    """
    if before and before.interval == interval and before.site in prices:
        return before
    cheapest = min(prices, key=lambda site: (prices[site], site))
    if before is None or before.site not in prices or interval - before.interval > FORGET:
        return Stance(cheapest, interval)
    here = prices[before.site]
    is_tempted = here - prices[cheapest] > margin(here)
    if is_tempted and before.is_tempted:
        return Stance(cheapest, interval)
    return Stance(before.site, interval, is_tempted)
