"""Making the deliveries that are due: many webhooks at once, one event after the other to each.

Rows are read and written on the caller's connection; only the waiting for other people's servers is done at once.
"""

import asyncio
import logging
from datetime import datetime

import aiohttp
from aiohttp.abc import AbstractResolver
from asgiref.sync import async_to_sync, sync_to_async

from clod_site.lib import clock
from webhooks import posting, queue, signing
from webhooks.models import Delivery, Webhook
from webhooks.posting import Outcome

RUN_S = 5.0  # in which tries begin; the last may take another ten
UNREADABLE = "Its secret cannot be read here. Rotate it."

log = logging.getLogger("clod.webhooks")


def run(now: datetime, names: AbstractResolver | None = None) -> int:
    """How many tries were made. ``names`` as for ``posting.session``."""
    claimed = queue.claim(now)
    return async_to_sync(_send_all)(claimed, names) if claimed else 0


async def _send_all(claimed: list[Webhook], names: AbstractResolver | None) -> int:
    ends_at = clock.monotonic() + RUN_S
    async with posting.session(names) as client:
        return sum(await asyncio.gather(*(_send_to(client, webhook, ends_at) for webhook in claimed)))


async def _send_to(client: aiohttp.ClientSession, webhook: Webhook, ends_at: float) -> int:
    """One webhook's trouble is not another's. Its pass ends with a failure: what else waits would fail as well, and take as long."""
    tries = 0
    try:
        while clock.monotonic() < ends_at and (delivery := await sync_to_async(queue.next_try)(webhook, clock.now())):
            outcome = await _try(client, webhook, delivery)
            await sync_to_async(queue.note)(webhook, delivery, outcome, clock.now())
            tries += 1
            if not outcome.is_taken:
                break
    except Exception:
        log.exception("webhook %s", webhook.public_id)
    finally:
        await sync_to_async(queue.release)(webhook, clock.now())
    return tries


async def _try(client: aiohttp.ClientSession, webhook: Webhook, delivery: Delivery) -> Outcome:
    body, now = delivery.event.body.encode(), clock.now()
    try:
        secrets = webhook.secrets_at(now)
    except ValueError:
        log.error("no key in CLOD_ENCRYPTION_KEYS opens the secret of webhook %s", webhook.public_id)
        return Outcome(None, UNREADABLE, 0)
    return await posting.post(client, webhook.url, signing.headers(secrets, delivery.event.public_id, now, body), body)
