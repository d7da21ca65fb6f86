"""A process of its own that asks the ledger for holds: ``python -m tests.billing.shopper`` with its orders as a line of JSON on stdin.

It says when it is ready, and starts when its next line comes. Its last line is what it got: how many holds,
and every refusal's code. Aloud, it names each call the moment it has paid.
"""

import asyncio
import json
import os
import sys
from collections import Counter
from typing import Any
from uuid import UUID


def main() -> None:
    orders = json.loads(sys.stdin.readline())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clod_site.settings")
    from django.conf import settings

    settings.DATABASES["default"] |= orders["database"]
    import django

    django.setup()
    from billing import holds

    holds.start()
    print("ready", flush=True)
    sys.stdin.readline()
    answers = asyncio.run(_shop(orders))
    print(json.dumps(Counter(answers)), flush=True)
    holds.stop(10)


async def _shop(orders: dict[str, Any]) -> list[str]:
    """Each of the workers asks, pays for what it was given where its orders say so, and asks again."""
    workers = (_worker(orders) for _ in range(orders["workers"]))
    return [answer for answers in await asyncio.gather(*workers) for answer in answers]


async def _worker(orders: dict[str, Any]) -> list[str]:
    from billing import holds
    from clod_site.lib import ids
    from clod_site.lib.refusal import Refusal
    from tests.billing import till

    answers = []
    fields: dict[str, Any] = {name: UUID(value) for name, value in orders["ids"].items()}
    for _ in range(orders["calls"]):
        ask = holds.HoldAsk(
            request_id=ids.uuid7(),
            price_tick_id=orders["tick"],
            amount_nanousd=orders["amount"],
            is_free_model=orders["free"],
            ttl_s=600,
            api_key_id=UUID(orders["key"]) if "key" in orders else None,
            **fields,
        )
        try:
            held = await holds.authorise(ask)
        except Refusal as refusal:
            answers.append(refusal.code)
            continue
        answers.append("held")
        if orders["pay"]:
            await holds.capture(held, till.outcome(held, orders["amount"]))
            if orders.get("aloud"):
                print(held.request_id, flush=True)
    return answers


if __name__ == "__main__":
    main()
