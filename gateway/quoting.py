"""What a call would be held for, before it is made: decided as the pipeline decides it, with nothing held and nobody called."""

from typing import Any

from catalog import routing
from clod_site.lib import money
from gateway import bill, conversations, pipeline, snapshots
from gateway.bill import Plan
from gateway.wire import operations
from projects.grants import Grant


async def plan(grant: Grant, body: bytes) -> Plan:
    """The plan of a chat completion; refused as the call itself would be: 400, 403, 404, 503."""
    ask = operations.CHAT.parse(body)
    catalog = await snapshots.catalog()
    sticky = await conversations.endpoint_of(conversations.of(grant, ask, catalog))
    decision = routing.order(catalog, ask.wanted, pipeline.circumstances(grant, ask, sticky))
    return pipeline.make_plan(grant, ask, decision)


def told(planned: Plan) -> dict[str, Any]:
    """Dollars are exact text. ``estimate_usd`` is for the prompt's likely tokens and the longest answer allowed, ``hold_usd`` for the
    most tokens the prompt can have."""
    card, route = planned.candidates[0]
    tick, likely = planned.tick, planned.ask.prompt_estimate()
    return {
        "model": card.name,
        "served_by": route.data_center_name or route.provider,
        "price_tick": tick.id,
        "input_usd_per_mtok": money.as_text(tick.input_nanousd_per_mtok),
        "output_usd_per_mtok": money.as_text(tick.output_nanousd_per_mtok),
        "is_free": planned.is_free,
        "prompt_tokens": likely,
        "output_limit": planned.completion_limit,
        "estimate_usd": money.as_text(bill.bound(likely, planned.completion_limit, tick)),
        "hold_usd": money.as_text(planned.bound(tick)),
    }
