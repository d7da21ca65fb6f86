"""Every market that can be asked, and the way from an answer to prices that may be stored."""

from collections.abc import Collection
from types import ModuleType
from typing import Protocol, cast

from catalog.energy.feeds import Ask, Node, PricePoint, aeso, caiso, comed, ercot, ieso, isone, miso, nyiso, pjm, spp


class Market(Protocol):
    """What a module of this package offers. ``NODES`` are those it knows, None when it knows all of its market."""

    MARKET: str
    LABEL: str
    KEY_ENV: str
    NODES: frozenset[str] | None

    def fetch(self, ask: Ask) -> bytes: ...

    def parse(self, body: bytes, ask: Ask) -> list[PricePoint]: ...


_MODULES: tuple[ModuleType, ...] = (caiso, ercot, nyiso, isone, miso, spp, ieso, comed, pjm, aeso)
MARKETS: dict[str, Market] = {module.__name__.rpartition(".")[2]: cast("Market", module) for module in _MODULES}


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
