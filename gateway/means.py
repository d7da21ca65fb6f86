"""Money is set aside for a call; where the caller left the choice of a model to us, for the best choice that can be paid."""

import math
from collections.abc import Iterator

import msgspec

from billing import holds
from billing.holds import Answered, Held, HoldAsk, Price
from billing.refusals import OutOfMoney
from catalog import decisions
from catalog.decisions import Candidates, Decision
from clod_site.lib import clock
from clod_site.lib.at_hand import settings
from gateway.bill import Plan, bound
from gateway.calls import Call

HOLD_SLACK_S = 60
MOST_ALTERNATIVES = 32  # the cheapest of them


async def authorise(call: Call, plan: Plan, decision: Decision) -> tuple[Plan, Held | Answered]:
    """A hold, and the plan it was made for: another one where the first choice among several models cannot be paid."""
    try:
        return plan, await holds.authorise(_ask(call, plan), _waited_s(call))
    except OutOfMoney as refusal:
        cheaper = list(_cheaper(plan, decision.candidates + decision.others))[-MOST_ALTERNATIVES:] if _may_choose(plan) else []
        if not cheaper:
            raise
        return await _authorise_cheaper(call, cheaper, decision, refusal)


async def _authorise_cheaper(call: Call, plans: list[Plan], decision: Decision, refusal: OutOfMoney) -> tuple[Plan, Held | Answered]:
    """All at once: the ledger takes the first that can be paid. When none can, the first choice's refusal stands."""
    alternatives = tuple([_price(plan) for plan in plans[1:]])
    try:
        held = await holds.authorise(msgspec.structs.replace(_ask(call, plans[0]), alternatives=alternatives), _waited_s(call))
    except OutOfMoney:
        raise refusal from None
    if isinstance(held, Answered):
        return plans[0], held
    plan = next(plan for plan in plans if plan.candidates[0][1].tick.id == held.price_tick_id)
    explanation = decisions.within_means(decision, *plan.candidates[0], refusal.message)
    return msgspec.structs.replace(plan, explanation=explanation), held


def _may_choose(plan: Plan) -> bool:
    """Whoever names one model wants that one."""
    wanted = plan.ask.wanted
    return len(wanted) > 1 or not wanted[0].name


def _cheaper(plan: Plan, options: Candidates) -> Iterator[Plan]:
    """In order, each that may cost less than all of its kind before it, free or not: what a free request pays has no price."""
    least = {True: math.inf, False: math.inf, plan.is_free: plan.bound(plan.tick)}
    for index, (card, route) in enumerate(options):
        prompt_limit, output_limit = plan.ask.prompt_bound(card), plan.ask.output_bound(card)
        amount = bound(prompt_limit, output_limit * plan.ask.choices, route.tick)
        if amount < least[card.is_free]:
            least[card.is_free] = amount
            yield msgspec.structs.replace(
                plan, candidates=_fallbacks_within(plan, options[index:]), prompt_limit=prompt_limit, output_limit=output_limit, quoted=None
            )


def _fallbacks_within(plan: Plan, options: Candidates) -> Candidates:
    """The first, and those behind it that its hold covers: a fallback is charged at the lower of both prices."""
    first, ask = options[0][0], plan.ask
    within = [
        (card, route)
        for card, route in options
        if ask.prompt_bound(card) <= ask.prompt_bound(first)
        and ask.output_bound(card) <= ask.output_bound(first)
        and (card.is_free or not first.is_free)
    ]
    return tuple(within[: decisions.MAX_CANDIDATES])


def _ask(call: Call, plan: Plan) -> HoldAsk:
    price = _price(plan)
    return HoldAsk(
        request_id=call.id,
        organization_id=plan.grant.organization_id,
        project_id=plan.grant.project_id,
        api_key_id=plan.grant.api_key_id,
        price_tick_id=price.price_tick_id,
        amount_nanousd=price.amount_nanousd,
        is_free_model=price.is_free_model,
        ttl_s=settings.CLOD_UPSTREAM_DEADLINE_S + HOLD_SLACK_S,
        repeatable=call.transcript.known_as if call.transcript else None,
    )


def _waited_s(call: Call) -> float:
    return clock.monotonic() - call.arrived


def _price(plan: Plan) -> Price:
    tick = plan.tick
    return Price(tick.id, plan.bound(tick), plan.is_free)
