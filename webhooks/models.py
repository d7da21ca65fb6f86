"""Webhooks, what happened, and each telling of it. Events are kept for 30 days, their deliveries with them."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models import Organization, User
from clod_site.lib import clock, crypto, ids


class Webhook(models.Model):
    """An address of an organization that is told what happens. Secrets are ``whsec_…`` texts, encrypted.

    ``event_types`` are names of ``event_types.TYPES``; none means all, also those there will be. The claim is a sender's: one at a time
    sends to a webhook, so that order is kept.
    """

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    url = models.CharField(max_length=300)
    description = models.CharField(max_length=120, blank=True)
    event_types = models.JSONField(default=list, blank=True)
    secret_sealed = models.TextField(editable=False)
    previous_secret_sealed = models.TextField(blank=True, editable=False)
    previous_secret_until = models.DateTimeField(null=True, blank=True, help_text="Until then both secrets sign.")
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True, help_text="Why it was disabled by itself; empty: a member did it.")
    failing_since = models.DateTimeField(null=True, blank=True, help_text="The first failed try since something arrived.")
    rests_until = models.DateTimeField(null=True, blank=True, help_text="After a failure nothing is sent for a moment.")
    claim = models.UUIDField(null=True, editable=False)
    claimed_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        indexes = (models.Index(fields=("organization", "created_at"), name="webhooks_of_tenant"),)

    def __str__(self) -> str:
        return self.description or self.url

    @property
    def public_id(self) -> str:
        return ids.public("wh", self.pk)

    @property
    def is_enabled(self) -> bool:
        return self.disabled_at is None

    def lock(self) -> bool:
        """In a transaction that changes its deliveries too, and before that: so no two wait for each other. False where it is gone."""
        return bool(Webhook.objects.select_for_update(no_key=True).filter(pk=self.pk))

    def wants(self, type_: str) -> bool:
        return not self.event_types or type_ in self.event_types

    def secrets_at(self, instant: datetime) -> list[str]:
        """Those that sign, newest first. ValueError where no encryption key opens one."""
        sealed = [self.secret_sealed]
        if self.previous_secret_until and instant < self.previous_secret_until:
            sealed.append(self.previous_secret_sealed)
        return [crypto.decrypt(text) for text in sealed]


class Event(models.Model):
    """Something that happened. ``body`` is the JSON as it is sent, and signed, to every webhook and at every try."""

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    type = models.CharField(max_length=40)
    body = models.TextField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = (models.Index(fields=("organization", "-id"), name="events_of_tenant"),)

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"

    @property
    def public_id(self) -> str:
        return ids.public("evt", self.pk)


class DeliveryState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Delivery(models.Model):
    """An event for a webhook. A try is counted before it is made: what is counted and not noted was interrupted, and is made again."""

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=8, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, default=clock.now)
    last_try_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the last answer.")
    answer = models.CharField(max_length=500, blank=True, help_text="What came back, or why nothing did; shortened.")
    response_ms = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = (
            models.Index(fields=("organization", "webhook", "-id"), name="deliveries_of_webhook"),
            models.Index(fields=("webhook", "next_try_at"), condition=Q(state="waiting"), name="deliveries_to_make"),
        )

    def __str__(self) -> str:
        return f"{self.event_id} to {self.webhook_id}"

    @property
    def public_id(self) -> str:
        return ids.public("dlv", self.pk)
