"""The electricity behind a request: how much, what it cost where it ran, and what it would have cost at the average site. Pure.

The energy is modelled from tokens, not metered (``tariff.watt_hours``); PUE and adders of the sites are assumptions. What a site
pays is its delivered price of the 5-minute interval in which the call was admitted, not the smoothed one that prices follow.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from catalog.energy import tariff

MICRO = 1_000_000
PICOUSD_PER_MICROUSD = 1_000_000


class Site(Protocol):
    """A data center then: delivered micro-USD per MWh, and its PUE."""

    @property
    def delivered(self) -> int: ...
    @property
    def pue(self) -> float: ...


class Footprint(msgspec.Struct, frozen=True):
    """Energy in micro-Wh, at the site's PUE; electricity in pico-USD: that of a short answer of a small model is a few nano-USD."""

    energy_uwh: int
    electricity_picousd: int
    average_picousd: int


def of(prompt_tokens: int, completion_tokens: int, joules: tuple[float, float], here: Site, everywhere: Sequence[Site]) -> Footprint:
    """``joules`` are those of a GPU per prompt token and per answered token. The average is the plain mean over ``everywhere``, the
    sites the call could have gone to, ``here`` among them, each with its own PUE and price."""

    def used(site: Site) -> float:
        return tariff.watt_hours(prompt_tokens, completion_tokens, *joules, site.pue)

    def cost(site: Site) -> float:
        return used(site) * site.delivered / MICRO * PICOUSD_PER_MICROUSD

    return Footprint(round(used(here) * MICRO), round(cost(here)), round(sum(map(cost, everywhere)) / len(everywhere)))
