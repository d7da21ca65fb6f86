"""Saying that something happened: ``events.emit(organization_id, "api_key.created", {…})``.

The event and its deliveries are written in the caller's transaction (a transactional outbox): nothing that was committed is forgotten,
and nothing is told of what was rolled back. Where no webhook wants to know, nothing is written.
"""

import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from kombu.exceptions import OperationalError

from clod_site.lib import clock, ids
from webhooks.event_types import NAMES, TEST
from webhooks.models import Delivery, DeliveryState, Event, Webhook

NOT_SENT = "Not sent: the webhook was disabled."
SOON_S = 10

log = logging.getLogger("clod.webhooks")
_calling = threading.Lock()


@transaction.atomic
def emit(organization_id: UUID, type_: str, data: dict[str, Any]) -> Event | None:
    """For every webhook of the organization that wants events of this type. ``data`` is JSON, and holds no secret.

    One that is disabled gets a failed delivery: with "send again all that failed" nothing of that time is lost.
    """
    assert type_ in NAMES, type_
    wanting = [webhook for webhook in Webhook.objects.filter(organization_id=organization_id).order_by("pk") if webhook.wants(type_)]
    return _write(organization_id, type_, data, wanting) if wanting else None


@transaction.atomic
def emit_test(webhook: Webhook) -> Event:
    """To this one alone."""
    return _write(webhook.organization_id, TEST, {"webhook": webhook.public_id, "message": "This is a test."}, [webhook])


def instant(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def nudge() -> None:
    """Have it sent now, once this is committed. Where the broker is away, the next round does it."""
    transaction.on_commit(_call_the_sender, robust=True)


def _write(organization_id: UUID, type_: str, data: dict[str, Any], webhooks: list[Webhook]) -> Event:
    now, event_id = clock.now(), ids.uuid7()
    told = {"id": ids.public("evt", event_id), "type": type_, "timestamp": instant(now), "data": data}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    event = Event.objects.create(id=event_id, organization_id=organization_id, type=type_, body=body, created_at=now)
    Delivery.objects.bulk_create(_delivery(event, webhook, now) for webhook in webhooks)
    if any(webhook.is_enabled for webhook in webhooks):
        nudge()
    return event


def _delivery(event: Event, webhook: Webhook, now: datetime) -> Delivery:
    common = {"organization_id": event.organization_id, "event": event, "webhook": webhook, "created_at": now}
    if webhook.is_enabled:
        return Delivery(**common, next_try_at=now)
    return Delivery(**common, state=DeliveryState.FAILED, next_try_at=None, answer=NOT_SENT, ended_at=now)


def _call_the_sender() -> None:
    """Beside the request, which shall not wait for a broker that hangs. One call at a time: it brings all that waits."""
    if _calling.acquire(blocking=False):
        threading.Thread(target=_call, name="webhooks", daemon=True).start()


def _call() -> None:
    from webhooks.tasks import deliver

    try:
        deliver.apply_async(retry=False, expires=SOON_S)
    except (OperationalError, OSError) as error:
        log.info("the broker is away (%s); what waits is sent in the next round", error)
    finally:
        _calling.release()
