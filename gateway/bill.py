"""The price of one call: which tick it is charged at, and what its tokens come to."""

from typing import NamedTuple

import msgspec

from billing import cost
from billing.holds import Held
from catalog.energy import footprint
from catalog.energy.footprint import Footprint
from catalog.snapshot import ModelCard, Route, Tick
from gateway.meter import Reading
from gateway.upstream import Candidate
from gateway.wire import request
from projects.grants import Grant


class Plan(msgspec.Struct, frozen=True):
    """What was decided before any upstream was called. ``quoted`` is a price the call may not exceed, though another one answers."""

    grant: Grant
    ask: request.Ask
    candidates: tuple[Candidate, ...]
    explanation: dict[str, object]
    prompt_limit: int
    output_limit: int
    quoted: Tick | None = None

    @property
    def tick(self) -> Tick:
        """What the call is held for: the first choice's price, or the quoted one where that is lower."""
        first = self.candidates[0][1].tick
        return min(first, self.quoted, key=self.bound) if self.quoted else first

    @property
    def is_free(self) -> bool:
        return all(card.is_free for card, _ in self.candidates)

    @property
    def completion_limit(self) -> int:
        return self.output_limit * self.ask.choices

    def bound(self, tick: Tick) -> int:
        """The most this call can cost at a tick: what is held for it."""
        return bound(self.prompt_limit, self.completion_limit, tick)


class Charge(NamedTuple):
    """What a reading comes to, in nano-USD: its cost, whoever pays, and the routing fee in that; what the client pays, which is nothing
    for a free request and never more than was held; and the same tokens at the model's list price."""

    cost: int
    fee: int
    paid: int
    list_cost: int


class Bill:
    """Starts at the plan's tick; an endpoint that answers instead of the first choice can only make it cheaper."""

    def __init__(self, plan: Plan, held: Held) -> None:
        self._plan = plan
        self._held = held
        self.card, self.route = plan.candidates[0]
        self.tick = plan.tick
        self._charged: tuple[Reading, Charge] | None = None  # a row, headers, a usage and a line in the log ask for the same

    def answered_by(self, card: ModelCard, route: Route) -> None:
        """Charge the lower of the two prices, compared at the most this call may use."""
        self.card, self.route, self._charged = card, route, None
        if route.tick is not self.tick:
            self.tick = min(self.tick, route.tick, key=self._plan.bound)

    def charge(self, reading: Reading) -> Charge:
        """What the tokens come to at the tick."""
        if self._charged is None or self._charged[0] is not reading:
            self._charged = reading, self._charge(reading.prompt_tokens, reading.completion_tokens)
        return self._charged[1]

    def _charge(self, prompt_tokens: int, completion_tokens: int) -> Charge:
        total, fee = cost.charge(prompt_tokens, completion_tokens, *_terms(self.tick))
        prices = self.card.input_nanousd_per_mtok, self.card.output_nanousd_per_mtok, self.tick.fee_basis_points
        listed = cost.charge(prompt_tokens, completion_tokens, *prices).total
        return Charge(total, fee, min(total, self._held.amount_nanousd), listed)

    def upstream_cost(self, prompt_tokens: int, completion_tokens: int) -> int:
        """What a third party bills us for these tokens: its own price, before our fee. Our own data centers bill nobody."""
        tick = self.route.tick
        prices = tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok
        return 0 if self.route.data_center else cost.charge(prompt_tokens, completion_tokens, *prices, 0).total

    def footprint(self, reading: Reading) -> Footprint | None:
        """The electricity behind these tokens; None where it cannot be told, as at third parties."""
        here, joules = self.route.electricity, self.card.joules_per_token
        if here is None or joules is None:
            return None
        everywhere = [route.electricity for route in self.card.routes if route.electricity]
        return footprint.of(reading.prompt_tokens, reading.completion_tokens, joules, here, everywhere)


def bound(prompt_tokens: int, completion_tokens: int, tick: Tick) -> int:
    """The most that up to so many tokens can cost at a tick."""
    return cost.hold_bound(prompt_tokens, completion_tokens, *_terms(tick))


def _terms(tick: Tick) -> tuple[int, int, int]:
    return tick.input_nanousd_per_mtok, tick.output_nanousd_per_mtok, tick.fee_basis_points
