"""The life of a call, on one screen: every decision is made here, what it calls computes and returns."""

from billing.holds import Answered
from catalog import health, places, routing, stats
from catalog.decisions import Decision
from gateway import admit, conversations, idempotency, means, rates, snapshots, tracing
from gateway.bill import Plan
from gateway.calls import Call, Reply
from gateway.demands import DemandsOf
from gateway.exchange import Exchange
from gateway.wire import operations, request
from gateway.wire.operations import Operation
from projects.grants import Grant


async def serve(call: Call, operation: Operation = operations.CHAT) -> Reply:
    """Answer a call, or raise the Refusal that says why not. The hold is committed before any upstream is called."""
    call.trace = tracing.begun(operation.name, call)
    call.ends("door")
    grant = await admit.identify(call)  # 401, 403, 429
    call.ends("identify")
    ask, counted = await rates.admitted(call, grant, operation)  # 400, 429
    call.ends("parse")
    with counted:  # its tokens are given back, unless an exchange settles them
        return await answer(call, grant, ask, counted)


async def answer(call: Call, grant: Grant, ask: request.Ask, counted: rates.Counted) -> Reply:
    """From a request that may be made to its answer."""
    call.transcript = idempotency.transcript(call, ask.operation)  # 400
    catalog = await snapshots.catalog()
    call.conversation = conversations.of(grant, ask, catalog)
    sticky = await conversations.endpoint_of(call.conversation)
    decision = routing.order(catalog, ask.wanted, circumstances(grant, ask, sticky))  # 400, 403, 404, 503
    plan = make_plan(grant, ask, decision)
    call.ends("route")
    with tracing.part(call.trace, "authorise"):
        plan, held = await means.authorise(call, plan, decision)  # 401, 402, 503; 409, 410, 422 of an Idempotency-Key
    call.ends("authorise")
    if isinstance(held, Answered):
        return await idempotency.repeat(call, held)
    exchange = Exchange(call, plan, held, counted)
    exchange.start()  # from here on the exchange settles, whatever happens to us
    call.owned_by(exchange)
    return await exchange.reply()  # 400, 502, 503, 504


def circumstances(grant: Grant, ask: request.Ask, sticky: int | None) -> routing.Circumstances:
    return routing.Circumstances(
        allowed=grant.models,
        stats=stats.current(),
        unavailable=health.unavailable(),
        full=places.full(),
        sticky=sticky,
        demands=DemandsOf(ask),
        operation=ask.operation,
        caller="This key" if grant.api_key_id else "This project",
    )


def make_plan(grant: Grant, ask: request.Ask, decision: Decision) -> Plan:
    """The bounds the hold is made for: those of the candidate with the highest. Each is told its own output limit."""
    cards = [card for card, _ in decision.candidates]
    return Plan(
        grant=grant,
        ask=ask,
        candidates=decision.candidates,
        explanation=decision.explanation,
        prompt_limit=max(map(ask.prompt_bound, cards)),
        output_limit=max(map(ask.output_bound, cards)),
        quoted=decision.quoted.tick if decision.quoted else None,
    )
