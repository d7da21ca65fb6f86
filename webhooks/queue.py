"""Which deliveries are due, and who makes them.

A sender claims a webhook, and while it holds the claim nobody else sends to it: so no try is made twice, and events arrive in order as
far as tries that failed allow. Every try is counted in the database before it is made. A sender that dies leaves its claim to run out; the
try it was at is made again then, though it may have arrived: at least once, and the receiver knows an event by its id.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from clod_site.lib import ids
from webhooks import backoff, disabling
from webhooks.event_types import TEST
from webhooks.models import Delivery, DeliveryState, Webhook
from webhooks.posting import Outcome

CLAIM = timedelta(seconds=60)  # renewed at every try, which takes ten at most
AT_ONCE = 50
MOST_TRIES = len(backoff.WAITS_S) + 1
_TESTS_FIRST = Case(When(event__type=TEST, then=0), default=1)  # somebody is looking at the page, and mends what the others fail of
INTERRUPTED = "Every try was interrupted on our side."


def claim(now: datetime) -> list[Webhook]:
    """Webhooks something is due for, those served longest ago first; theirs alone who called, for a minute."""
    with transaction.atomic():
        found = list(_due(now)[:AT_ONCE])
        for webhook in found:
            webhook.claim, webhook.claimed_until = ids.uuid7(), now + CLAIM
            webhook.save(update_fields=["claim", "claimed_until"])
    return found


def next_try(webhook: Webhook, now: datetime) -> Delivery | None:
    """The oldest that is due, a test before the others, its try counted; None where there is none, or the claim is lost."""
    with transaction.atomic():
        if not _claimed(webhook).filter(disabled_at=None).update(claimed_until=now + CLAIM):
            return None
        delivery = _waiting(webhook).filter(next_try_at__lte=now).select_related("event").order_by(_TESTS_FIRST, "event_id").first()
        if delivery is None:
            return None
        if delivery.tries >= MOST_TRIES:
            _give_up(delivery, now)
            return next_try(webhook, now)
        delivery.tries += 1
        delivery.save(update_fields=["tries"])
        return delivery


def note(webhook: Webhook, delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """What became of the try. Of one that somebody has asked for anew meanwhile nothing is written: that one comes yet."""
    with transaction.atomic():
        if not webhook.lock():
            return
        row = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.WAITING, tries=delivery.tries)
        again_at = None if outcome.is_taken or outcome.is_gone else backoff.next_try(delivery.tries, now)
        state = DeliveryState.SENT if outcome.is_taken else DeliveryState.WAITING if again_at else DeliveryState.FAILED
        told = {"status": outcome.status, "answer": outcome.answer, "response_ms": outcome.response_ms, "last_try_at": now}
        row.update(state=state, next_try_at=again_at, ended_at=None if again_at else now, **told)
        why = "" if outcome.is_taken else _failing(webhook, outcome, now)
        if outcome.is_taken:
            Webhook.objects.filter(pk=webhook.pk).update(failing_since=None, rests_until=None)
        is_disabled = bool(why) and disabling.disable(webhook, now, why)
    if is_disabled:
        disabling.tell(webhook, why)


def release(webhook: Webhook, now: datetime) -> None:
    _claimed(webhook).update(claim=None, claimed_until=now)


def _due(now: datetime) -> QuerySet[Webhook]:
    waiting = Delivery.objects.filter(webhook=OuterRef("pk"), state=DeliveryState.WAITING, next_try_at__lte=now)
    is_free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    has_rested = Q(rests_until=None) | Q(rests_until__lte=now)
    found = Webhook.objects.filter(Exists(waiting), is_free, has_rested, disabled_at=None, organization__suspended_at=None)
    return found.select_for_update(of=("self",), skip_locked=True).order_by(F("claimed_until").asc(nulls_first=True), "pk")


def _claimed(webhook: Webhook) -> QuerySet[Webhook]:
    return Webhook.objects.filter(pk=webhook.pk, claim=webhook.claim)


def _waiting(webhook: Webhook) -> QuerySet[Delivery]:
    return Delivery.objects.filter(webhook=webhook, state=DeliveryState.WAITING)


def _give_up(delivery: Delivery, now: datetime) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.FAILED, next_try_at=None, ended_at=now, answer=INTERRUPTED)


def _failing(webhook: Webhook, outcome: Outcome, now: datetime) -> str:
    """Why it is to be disabled, if it is."""
    row = Webhook.objects.filter(pk=webhook.pk)
    row.update(failing_since=Coalesce("failing_since", now))
    since = row.values_list("failing_since", flat=True).first()
    assert since is not None
    row.update(rests_until=backoff.rest(since, now))
    return disabling.reason(outcome, since, now)
