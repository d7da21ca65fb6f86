"""Sending again what was sent or failed, and sending a test."""

from django.db import transaction

from clod_site.lib import clock
from webhooks import events
from webhooks.event_types import TEST
from webhooks.models import Delivery, DeliveryState, Event, Webhook

MOST_TESTS = 5


class TooManyTests(Exception):
    pass


def again(delivery: Delivery) -> bool:
    """As if it had just happened, with the same id. False where it waits anyway."""
    return bool(_again(delivery.webhook, pk=delivery.pk))


def all_failed(webhook: Webhook) -> int:
    return _again(webhook, state=DeliveryState.FAILED)


@transaction.atomic
def test(webhook: Webhook) -> Event:
    """Raises TooManyTests where some have not arrived yet."""
    if webhook.deliveries.filter(state=DeliveryState.WAITING, event__type=TEST).count() >= MOST_TESTS:
        raise TooManyTests
    Webhook.objects.filter(pk=webhook.pk).update(rests_until=None)
    return events.emit_test(webhook)


@transaction.atomic
def _again(webhook: Webhook, **which: object) -> int:
    webhook.lock()
    ended = Delivery.objects.filter(webhook=webhook, **which).exclude(state=DeliveryState.WAITING)
    count = ended.update(state=DeliveryState.WAITING, tries=0, next_try_at=clock.now(), ended_at=None)
    if count:
        Webhook.objects.filter(pk=webhook.pk).update(rests_until=None)
        events.nudge()
    return count
