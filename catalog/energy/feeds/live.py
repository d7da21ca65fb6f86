"""Every market that can be asked: which feed to ask for which node, and whose raw prices may be shown to others."""

from collections.abc import Collection
from types import ModuleType
from typing import Protocol, cast

from catalog.energy.feeds import Ask, Node, PricePoint, aeso, caiso, comed, ercot, ieso, isone, miso, nyiso, pjm, spp
from catalog.energy.feeds.demo import DemoFeed
from catalog.energy.feeds.replay import ReplayFeed


class Market(Protocol):
    """What a module of this package offers. ``NODES`` are those it knows, None when it knows all of its market;
    ``REDISTRIBUTABLE`` says whether the market's terms let us pass on the prices it publishes, with its name."""

    MARKET: str
    LABEL: str
    KEY_ENV: str
    NODES: frozenset[str] | None
    REDISTRIBUTABLE: bool

    def fetch(self, ask: Ask) -> bytes: ...

    def parse(self, body: bytes, ask: Ask) -> list[PricePoint]: ...


_MODULES: tuple[ModuleType, ...] = (caiso, ercot, nyiso, isone, miso, spp, ieso, comed, pjm, aeso)
MARKETS: dict[str, Market] = {module.__name__.rpartition(".")[2]: cast("Market", module) for module in _MODULES}

LABELS = {feed.name: feed.label for feed in (DemoFeed, ReplayFeed)} | {name: market.LABEL for name, market in MARKETS.items()}  # by source


def asked_of(nodes: Collection[Node]) -> dict[str, tuple[str, ...]]:
    """Which feed to ask for which of these nodes. A node that one feed names is not asked of another one of its market."""
    named = {(market.MARKET, node) for market in MARKETS.values() for node in market.NODES or ()}
    asked: dict[str, tuple[str, ...]] = {}
    for name, market in MARKETS.items():
        own = {node for at, node in nodes if at == market.MARKET}
        known = own & market.NODES if market.NODES is not None else {node for node in own if (market.MARKET, node) not in named}
        if known:
            asked[name] = tuple(sorted(known))
    return asked


def may_show(source: str) -> bool:
    """Whether the market price of an ``EnergyPrice`` or ``DeliveredPrice`` with this source may be shown to others as it is.

    An estimate's source is empty. It is made of the market's own past prices, whoever's they are, so it is not shown; nor is
    that of a source that is not known here.
    """
    market = MARKETS.get(source)
    return market.REDISTRIBUTABLE if market else source in {DemoFeed.name, ReplayFeed.name}
