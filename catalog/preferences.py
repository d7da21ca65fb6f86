"""What a caller says about who may answer: the ``provider`` object of a request.

A name in it is a provider's (``openai``) or a data center's (``dfw``), in any case. Prices are dollars per million tokens,
routing fee included.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from catalog.decisions import Option, Reason
from catalog.snapshot import Route, Tick
from clod_site.lib.money import BASIS_POINTS, NANO, in_digits

Names = Annotated[tuple[Annotated[str, Meta(max_length=120)], ...], Meta(max_length=50)] | None
Dollars = Annotated[float, Meta(ge=0)] | None


class MaxPrice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``prompt`` and ``completion`` per million tokens; ``request`` is the most the whole call may cost."""

    prompt: Dollars = None
    completion: Dollars = None
    request: Dollars = None


class Preferences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field we do not know is refused: a wish that is not kept must not look as if it were."""

    only: Names = None
    ignore: Names = None
    order: Names = None
    sort: Literal["price", "latency", "token_rate"] | None = None
    max_price: MaxPrice | None = None
    allow_fallbacks: bool | None = None

    def objection(self, route: Route) -> Reason | None:
        """Why this endpoint may not answer."""
        known_as = names_of(route)
        if self.only is not None and not known_as & _folded(self.only):
            return Reason("provider.only", "is not in provider.only")
        if known_as & _folded(self.ignore):
            return Reason("provider.ignore", "is in provider.ignore")
        if self.allow_fallbacks is False and self.order and not known_as & _folded(self.order):
            return Reason("provider.order", "is not in provider.order, and there is no fallback")
        return _too_dear(self.max_price, route.tick) if self.max_price else None

    def arrange(self, options: Sequence[Option]) -> list[Option]:
        """Those named in ``order`` first, the others behind them as they were; without fallbacks the first alone, or those named."""
        wanted = [name.strip().casefold() for name in self.order or ()]
        arranged = sorted(options, key=lambda option: _place(wanted, option.route)) if wanted else list(options)
        return arranged[:1] if self.allow_fallbacks is False and not wanted else arranged


NONE = Preferences()


def names_of(route: Route) -> set[str]:
    return {name.casefold() for name in (route.provider, route.data_center, route.data_center_name) if name}


def _folded(names: Sequence[str] | None) -> set[str]:
    return {name.strip().casefold() for name in names or ()}


def _place(wanted: Sequence[str], route: Route) -> int:
    known_as = names_of(route)
    return next((place for place, name in enumerate(wanted) if name in known_as), len(wanted))


def _too_dear(most: MaxPrice, tick: Tick) -> Reason | None:
    for kind, price, limit in (
        ("prompt", tick.input_nanousd_per_mtok, most.prompt),
        ("completion", tick.output_nanousd_per_mtok, most.completion),
    ):
        usd = price * (BASIS_POINTS + tick.fee_basis_points) / BASIS_POINTS / NANO
        if limit is not None and usd > limit:
            dear = f"asks ${in_digits(usd)} per million {kind} tokens, more than ${in_digits(limit)}"
            return Reason(f"provider.max_price.{kind}", dear)
    return None
