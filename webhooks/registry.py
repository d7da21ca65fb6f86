"""Webhooks of an organization: added, changed, their secrets rotated, disabled, enabled, deleted. The secret is readable this once."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from accounts.models import Organization, User
from clod_site.lib import clock, crypto
from webhooks import disabling, signing
from webhooks.models import Delivery, Webhook

MOST = 20
OVERLAP = timedelta(hours=24)


class NotAdded(Exception):
    """The message says why."""


class Rotated(Exception):
    """Somebody has rotated it since the page was drawn; what it would have replaced is in use."""


def of(organization: Organization) -> QuerySet[Webhook]:
    """Oldest first, each with the state, status and time of its newest delivery."""
    newest = Delivery.objects.filter(organization=organization, webhook=OuterRef("pk")).order_by("-id")
    last = {f"last_{name}": Subquery(newest.values(name)[:1]) for name in ("state", "status", "created_at")}
    return Webhook.objects.filter(organization=organization).annotate(**last).order_by("created_at", "pk")


@transaction.atomic
def add(organization: Organization, *, url: str, description: str, event_types: Iterable[str], actor: User | None) -> tuple[Webhook, str]:
    """The webhook and its secret. Raises NotAdded."""
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    addresses = list(Webhook.objects.filter(organization=organization).values_list("url", flat=True))
    if url in addresses:
        raise NotAdded("There is a webhook with this address already. Change which events it gets, or rotate its secret if you lost it.")
    if len(addresses) >= MOST:
        raise NotAdded(f"An organization can have {MOST} webhooks. Delete one that is not needed any more.")
    secret = signing.new_secret()
    columns = {"url": url, "description": description, "event_types": sorted(event_types), "created_by": actor}
    return Webhook.objects.create(organization=organization, secret_sealed=crypto.encrypt(secret), **columns), secret


def change(webhook: Webhook, *, url: str, description: str, event_types: Iterable[str]) -> None:
    """At a new address it has failed nothing yet."""
    fresh = {} if url == webhook.url else {"failing_since": None, "rests_until": None}
    Webhook.objects.filter(pk=webhook.pk).update(url=url, description=description, event_types=sorted(event_types), **fresh)


def rotate(webhook: Webhook, now: datetime) -> str:
    """The new secret. For OVERLAP every event is signed with both; a secret before the last one signs nothing more. Raises Rotated."""
    secret = signing.new_secret()
    sealed = {"secret_sealed": crypto.encrypt(secret), "previous_secret_sealed": F("secret_sealed")}
    as_it_was = Webhook.objects.filter(pk=webhook.pk, secret_sealed=webhook.secret_sealed)
    if not as_it_was.update(**sealed, previous_secret_until=now + OVERLAP):
        raise Rotated
    return secret


def mark(webhook: Webhook) -> str:
    """Of its secret; says nothing about it, and differs once it is rotated."""
    return sha256(webhook.secret_sealed.encode()).hexdigest()[:20]


@transaction.atomic
def disable(webhook: Webhook) -> bool:
    return disabling.disable(webhook, clock.now())


@transaction.atomic
def delete(webhook: Webhook) -> None:
    """With its deliveries."""
    webhook.lock()
    webhook.delete()


def enable(webhook: Webhook) -> None:
    """With a clean slate: it has three days again."""
    fresh = {"failing_since": None, "rests_until": None}
    Webhook.objects.filter(pk=webhook.pk).update(disabled_at=None, disabled_reason="", **fresh)
