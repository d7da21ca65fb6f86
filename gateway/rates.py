"""How a call counts towards the rates of its key and organization: once it is identified, and before money is held for it."""

from typing import TYPE_CHECKING

from clod_site.lib.refusal import Refusal
from gateway import admit
from gateway.wire.operations import Operation
from gateway.wire.request import Ask
from projects import limits
from projects.grants import Grant

if TYPE_CHECKING:
    from gateway.calls import Call

USUAL_OUTPUT_TOKENS = 1_000  # expected where the client sets no limit; what was really written is counted in the end


class Counted:
    """The tokens a call was admitted with. They are given back at the end of the block, unless an exchange settled them."""

    def __init__(self, grant: Grant, expected: int, standing: limits.Standing) -> None:
        self._grant = grant
        self._expected = expected
        self.standing = standing

    def __enter__(self) -> None:
        self._has_owner = False

    def __exit__(self, *_: object) -> None:
        if not self._has_owner:
            self.settle(0)

    def owned(self) -> None:
        """An exchange has begun, and will settle."""
        self._has_owner = True

    def settle(self, used: int) -> None:
        limits.correct(self._grant, self._expected, used)


async def caller(call: "Call") -> Grant:
    """The grant of a call that uses no tokens."""
    grant = await admit.identify(call)
    await _count(call, grant, 0)
    return grant


async def admitted(call: "Call", grant: Grant, operation: Operation) -> tuple[Ask, Counted]:
    """What is asked for, counted. A body that asks for nothing is a request all the same."""
    try:
        ask = operation.parse(call.body)
    except Refusal:
        await _count(call, grant, 0)
        raise
    return ask, await _count(call, grant, _expected(ask))


async def _count(call: "Call", grant: Grant, tokens: int) -> Counted:
    standing = await limits.admit(grant, tokens)
    call.counted = Counted(grant, tokens, standing)
    if standing.refusal:
        raise standing.refusal
    return call.counted


def _expected(ask: Ask) -> int:
    return ask.prompt_estimate() + (USUAL_OUTPUT_TOKENS if ask.output_limit is None else ask.output_limit) * ask.choices
