"""Payments at rest: what customers ordered, what the payment provider told us, when to order by itself. Amounts are nano-USD.

An event is stored once and never changed, but for the order it was found to belong to. Everything an order says about
itself beyond its amount is computed from its events (``billing.standing``).
"""

from django.db import models
from django.db.models import Q

from accounts.models import Organization, User
from clod_site.lib import clock, ids


class TopUpState(models.TextChoices):
    PENDING = "pending", "waiting for payment"
    PROCESSING = "processing", "payment is on its way"
    PAID = "paid", "paid"
    FAILED = "failed", "failed"
    EXPIRED = "expired", "not completed"
    REVIEW = "review", "being checked"


UNDECIDED = (TopUpState.PENDING, TopUpState.PROCESSING)


class TopUp(models.Model):
    """One order to fill a wallet. ``idempotency_key`` makes it once; ``provider`` is the payment port that carries it."""

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="top_ups", db_index=False)
    actor = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=100)
    amount_nanousd = models.BigIntegerField()
    currency = models.CharField(max_length=3, default="usd")
    provider = models.CharField(max_length=20)
    is_automatic = models.BooleanField(default=False)
    saves_method = models.BooleanField(default=False, help_text="The payer lets automatic top-ups use the same card.")
    state = models.CharField(max_length=10, choices=TopUpState.choices, default=TopUpState.PENDING)
    checkout = models.CharField(max_length=255, blank=True, help_text="The provider's name for its payment page.")
    checkout_url = models.TextField(blank=True)
    failure = models.CharField(max_length=200, blank=True)
    reversed_nanousd = models.BigIntegerField(default=0, help_text="What the payer got back: refunds, lost and open disputes.")
    owed_nanousd = models.BigIntegerField(default=0, help_text="Of the reversed amount, what the wallet could not give back yet.")
    owed_told_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("organization", "idempotency_key"), name="top_up_once"),
            models.UniqueConstraint(
                fields=("organization",), condition=Q(is_automatic=True, state__in=UNDECIDED), name="one_automatic_top_up_at_a_time"
            ),
            models.CheckConstraint(condition=Q(amount_nanousd__gt=0), name="top_up_of_something"),
            models.CheckConstraint(
                condition=Q(reversed_nanousd__gte=0, reversed_nanousd__lte=models.F("amount_nanousd")), name="reversed_within_top_up"
            ),
            models.CheckConstraint(condition=Q(owed_nanousd__gte=0), name="owed_not_negative"),
        )
        indexes = (
            models.Index(fields=("organization", "-id"), name="top_ups_of_organization"),
            models.Index(fields=("organization",), condition=Q(owed_nanousd__gt=0), name="top_ups_that_owe"),
            models.Index(fields=("created_at",), condition=Q(state__in=UNDECIDED), name="top_ups_undecided"),
        )

    def __str__(self) -> str:
        return f"{self.public_id} ({self.state})"

    @property
    def public_id(self) -> str:
        """Also the reference of its ledger entry."""
        return ids.public("top", self.pk)

    @property
    def is_paid(self) -> bool:
        return self.paid_at is not None

    @property
    def is_undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def is_test(self) -> bool:
        return self.provider == "demo"

    @property
    def kept_nanousd(self) -> int:
        """What the payer has not got back."""
        return self.amount_nanousd - self.reversed_nanousd

    @property
    def receipt_number(self) -> str:
        return f"{self.paid_at or self.created_at:%Y%m%d}-{self.public_id[-8:]}"


class FactKind(models.TextChoices):
    """What an event says, in our words."""

    PAID = "paid"
    PROCESSING = "processing"
    FAILED = "failed"
    ATTEMPT_FAILED = "attempt_failed", "attempt failed"
    EXPIRED = "expired"
    REFUND = "refund"
    REFUND_UNDONE = "refund_undone", "refund undone"
    REFUNDED_TOTAL = "refunded_total", "refunded in total"
    DISPUTE = "dispute"
    DISPUTE_UNDONE = "dispute_undone", "dispute undone"
    OTHER = "other"


class PaymentEvent(models.Model):
    """What a payment provider told us, stored before anything is done about it. No card data: only what we act on."""

    id = ids.primary_key()
    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=120)
    type = models.CharField(max_length=80, help_text="The provider's word for it.")
    kind = models.CharField(max_length=16, choices=FactKind.choices)
    top_up = models.ForeignKey(TopUp, on_delete=models.PROTECT, null=True, related_name="events")
    order = models.CharField(max_length=40, blank=True, help_text="Our order, where the provider passes its name on.")
    payment = models.CharField(max_length=120, blank=True, help_text="The provider's name for the payment.")
    part = models.CharField(max_length=120, blank=True, help_text="The provider's name for the refund or dispute.")
    amount_nanousd = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    customer = models.CharField(max_length=120, blank=True)
    method = models.CharField(max_length=120, blank=True, help_text="A card the payer let us use again, by the provider's name for it.")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(default=clock.now, editable=False)
    acted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("provider", "event_id"), name="payment_event_once"),)
        indexes = (
            models.Index(fields=("provider", "payment"), condition=~Q(payment=""), name="events_of_payment"),
            models.Index(fields=("received_at",), condition=Q(acted_at=None), name="events_to_act_on"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class AutoTopUp(models.Model):
    """An organization's wish to be topped up by itself: when less than the threshold can be spent, order the amount."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True, related_name="auto_top_up")
    is_on = models.BooleanField(default=False)
    threshold_nanousd = models.BigIntegerField()
    amount_nanousd = models.BigIntegerField()
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_reason = models.CharField(max_length=200, blank=True)
    paused_told_at = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(threshold_nanousd__gte=0, amount_nanousd__gt=0), name="auto_top_up_amounts"),)

    def __str__(self) -> str:
        return f"automatic top-up of {self.organization_id}"
