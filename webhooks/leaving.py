"""What an organization leaves of its webhooks: to its owner as data, and when it closes nothing."""

from collections.abc import Iterator
from typing import Any

from accounts.models import Organization
from webhooks import registry
from webhooks.models import Delivery, Event, Webhook

AT_ONCE = 500


def on_close(organization: Organization, **_: Any) -> None:
    """Its last events, such as the end of its keys, are told to nobody."""
    for webhook in Webhook.objects.filter(organization=organization).order_by("pk"):
        registry.delete(webhook)
    Event.objects.filter(organization=organization).delete()


def exported(organization: Organization, **_: Any) -> dict[str, Iterator[dict[str, Any]]]:
    return {"webhooks": _webhooks(organization), "webhook_deliveries": _deliveries(organization)}


def _webhooks(organization: Organization) -> Iterator[dict[str, Any]]:
    """Without their secrets."""
    for row in Webhook.objects.filter(organization=organization).select_related("created_by").order_by("created_at"):
        told = {"id": row.public_id, "created_by": row.created_by.email if row.created_by else None}
        columns = ("url", "description", "event_types", "created_at", "disabled_at", "disabled_reason", "failing_since")
        yield told | {name: getattr(row, name) for name in columns}


def _deliveries(organization: Organization) -> Iterator[dict[str, Any]]:
    """Oldest first."""
    found = Delivery.objects.filter(organization=organization).select_related("event", "webhook").order_by("id")
    for row in found.iterator(chunk_size=AT_ONCE):
        told = {"id": row.public_id, "webhook": row.webhook.public_id, "event": row.event.public_id, "body": row.event.body}
        yield told | {name: getattr(row, name) for name in ("state", "tries", "status", "answer", "created_at", "last_try_at")}
