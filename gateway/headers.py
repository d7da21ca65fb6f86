"""What an answer says about itself: who served it, at which price, who paid, what is left."""

import math
from typing import Any

from billing.holds import Held
from clod_site.lib import money
from clod_site.lib.at_hand import settings
from gateway.bill import Bill
from gateway.calls import Call, Headers
from gateway.meter import Reading
from projects.limits import Level, Standing

_SAFE = [("x-content-type-options", "nosniff")]


def always() -> Headers:
    """On whatever is answered before Django is asked; Django's own middleware sees to its pages."""
    hsts_s = settings.SECURE_HSTS_SECONDS
    return [*_SAFE, ("strict-transport-security", f"max-age={hsts_s}")] if hsts_s else _SAFE


def of_stream(call: Call, held: Held, bill: Bill) -> Headers:
    return [
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-cache"),
        ("x-accel-buffering", "no"),
        *_common(call, held, bill),
    ]


def of_completion(call: Call, held: Held, bill: Bill, reading: Reading) -> Headers:
    return [("content-type", "application/json"), ("x-clod-cost-usd", money.as_text(bill.charge(reading).paid)), *_common(call, held, bill)]


def _common(call: Call, held: Held, bill: Bill) -> Headers:
    names = [
        ("x-request-id", call.public_id),
        ("x-clod-paid-by", held.funding),
        ("x-clod-price-tick", str(bill.tick.id)),
        ("x-clod-data-center", bill.route.data_center or bill.route.provider),
    ]
    if held.free_left is not None and held.free_resets_at is not None:
        names += [("x-clod-free-requests-left", str(held.free_left)), ("x-clod-free-requests-reset", held.free_resets_at.isoformat())]
    return names


def rates(call: Call) -> Headers:
    """How much of the rates is left, as OpenAI writes it; of the key or the organization, whichever has less."""
    standing = call.counted.standing if call.counted else Standing()
    levels = (("requests", standing.requests), ("tokens", standing.tokens))
    return [header for unit, level in levels if level for header in _rate(unit, level)]


def timing(call: Call) -> Headers:
    """Which stage took how long, where developers want to know."""
    return [("server-timing", call.stages.header())] if call.stages and call.stages.took_ms else []


def _rate(unit: str, level: Level) -> Headers:
    return [
        (f"x-ratelimit-limit-{unit}", str(level.limit)),
        (f"x-ratelimit-remaining-{unit}", str(level.remaining)),
        (f"x-ratelimit-reset-{unit}", _duration(level.resets_in_s)),
    ]


def _duration(seconds: float) -> str:
    """``250ms``, ``8.64s`` or ``6m0s``, rounded up."""
    ms = math.ceil(seconds * 1000)
    if ms < 1000:
        return f"{ms}ms"
    minutes, ms = divmod(ms, 60_000)
    return f"{minutes}m{ms / 1000:g}s" if minutes else f"{ms / 1000:g}s"


def usage(bill: Bill, held: Held, reading: Reading) -> dict[str, Any]:
    """OpenAI's usage object, and what it came to. Prices are dollars per million tokens."""
    charge = bill.charge(reading)
    return {
        "prompt_tokens": reading.prompt_tokens,
        "completion_tokens": reading.completion_tokens,
        "total_tokens": reading.prompt_tokens + reading.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": reading.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": reading.reasoning_tokens},
        "cost": money.as_number(charge.paid),
        "cost_details": {
            "paid_by": held.funding,
            "standard_cost": money.as_number(charge.cost),
            "list_cost": money.as_number(charge.list_cost),
            "routing_fee": money.as_number(charge.fee),
            "price_tick": bill.tick.id,
            "input_usd_per_mtok": money.as_number(bill.tick.input_nanousd_per_mtok),
            "output_usd_per_mtok": money.as_number(bill.tick.output_nanousd_per_mtok),
            "multiplier": bill.tick.multiplier_ppm / 1_000_000,
            "is_estimated": reading.is_estimated,
        },
    }
