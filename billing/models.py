"""Money at rest. Only ``billing.ledger`` writes these rows. Amounts are nano-USD.

Rows other than the wallet and the periods are written once; a database trigger refuses to change a ledger entry.
What payments leave behind, and alerts, have modules of their own: ``billing.payment_models``, ``billing.alert_models``.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from accounts.models import Organization
from billing.alert_models import BudgetAlert, MailState
from billing.payment_models import AutoTopUp, FactKind, PaymentEvent, TopUp, TopUpState
from catalog.models import Endpoint, PriceTick
from clod_site.lib import clock, ids
from projects.models import ApiKey, Project

__all__ = [
    "Attempt",
    "AutoTopUp",
    "BudgetAlert",
    "BudgetPeriod",
    "EntryKind",
    "FactKind",
    "FreeQuotaDay",
    "Funding",
    "Hold",
    "HoldState",
    "IdempotentCall",
    "LedgerCheck",
    "LedgerEntry",
    "MailState",
    "PaymentEvent",
    "PlatformLoss",
    "TopUp",
    "TopUpState",
    "Wallet",
]


class Wallet(models.Model):
    """``balance`` is the sum of its entries, ``held`` the sum of its open wallet-funded holds; ``balance − held ≥ 0`` always."""

    id = ids.primary_key()
    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, related_name="wallet")
    balance_nanousd = models.BigIntegerField(default=0)
    held_nanousd = models.BigIntegerField(default=0)
    frozen_at = models.DateTimeField(null=True, blank=True, help_text="Set by the reconciler when the sums differ: no new holds.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        permissions = (("credit_wallet", "Can credit and correct wallets by hand"),)
        constraints = (
            models.CheckConstraint(condition=Q(held_nanousd__gte=0), name="held_not_negative"),
            models.CheckConstraint(condition=Q(balance_nanousd__gte=F("held_nanousd")), name="wallet_covers_its_holds"),
        )

    def __str__(self) -> str:
        return f"wallet of {self.organization.name} ({ids.public('org', self.organization_id)})"


class EntryKind(models.TextChoices):
    TOPUP = "topup", "Top-up"
    CREDIT = "credit", "Credit"
    USAGE = "usage", "Usage"
    REFUND = "refund", "Refund"
    ADJUST = "adjust", "Adjustment"


class LedgerEntry(models.Model):
    """One movement of a wallet, append-only. ``reference`` names its cause and, with the kind, happens once."""

    id = ids.primary_key()
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="entries", db_index=False)
    kind = models.CharField(max_length=10, choices=EntryKind.choices)
    amount_nanousd = models.BigIntegerField(help_text="Positive is in, negative is out.")
    balance_after_nanousd = models.BigIntegerField()
    reference = models.CharField(max_length=120)
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "ledger entries"
        constraints = (models.UniqueConstraint(fields=("reference", "kind"), name="entry_once"),)
        indexes = (models.Index(fields=("wallet", "-created_at"), name="statement"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_nanousd}"


class HoldState(models.TextChoices):
    OPEN = "open"
    CAPTURED = "captured"
    VOIDED = "voided"
    EXPIRED = "expired"


class Funding(models.TextChoices):
    FREE = "free"
    WALLET = "wallet"


class Hold(models.Model):
    """Money (or one free request) set aside before an upstream is called; its id is the request's id, or that of a lease: money that a
    process has set aside for calls to come (decision 0017).

    Written twice for every call, so it bears two indexes only, on the few rows that are open, and refers without constraints to what is
    never deleted (decision 0016).
    """

    id = models.UUIDField(primary_key=True, editable=False)
    wallet = models.ForeignKey(Wallet, on_delete=models.PROTECT, related_name="holds", db_index=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False)
    price_tick = models.ForeignKey(PriceTick, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    funding = models.CharField(max_length=6, choices=Funding.choices)
    amount_nanousd = models.BigIntegerField()
    checkpoint_nanousd = models.BigIntegerField(default=0, help_text="What has been used for sure; an expired hold is charged this.")
    state = models.CharField(max_length=8, choices=HoldState.choices, default=HoldState.OPEN)
    day_key = models.CharField(max_length=10)
    month_key = models.CharField(max_length=7)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    captured_nanousd = models.BigIntegerField(default=0)
    is_lease = models.BooleanField(default=False, db_default=False, help_text="Set aside for calls to come; each cuts its own from it.")

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(amount_nanousd__gte=0), name="hold_not_negative"),
            models.CheckConstraint(
                condition=Q(checkpoint_nanousd__gte=0, checkpoint_nanousd__lte=F("amount_nanousd")), name="checkpoint_within_hold"
            ),
            models.CheckConstraint(
                condition=Q(captured_nanousd__gte=0, captured_nanousd__lte=F("amount_nanousd")), name="capture_within_hold"
            ),
        )
        indexes = (
            models.Index(fields=("expires_at",), condition=Q(state="open"), name="open_holds"),
            models.Index(fields=("wallet",), condition=Q(state="open"), name="open_holds_of_wallet"),
        )

    def __str__(self) -> str:
        return f"hold {self.id} ({self.state})"


class BudgetPeriod(models.Model):
    """What a project, or one API key, has spent and holds in one day (``2026-11-22``) or month (``2026-11``) of its organization's zone.

    Rows of both are in one table, so that the ledger finds, locks and writes them with the statements it has anyway.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, related_name="budget_periods", db_index=False)
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, null=True, related_name="budget_periods", db_index=False)
    subject = models.GeneratedField(
        expression=Coalesce("project_id", "api_key_id"), output_field=models.UUIDField(), db_persist=True, help_text="Whose row this is."
    )
    period_key = models.CharField(max_length=10)
    spent_nanousd = models.BigIntegerField(default=0)
    held_nanousd = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("period_key", "subject"), name="budget_period_once"),
            models.CheckConstraint(
                condition=Q(project=None, api_key__isnull=False) | Q(project__isnull=False, api_key=None),
                name="budget_of_a_project_or_a_key",
            ),
            models.CheckConstraint(condition=Q(spent_nanousd__gte=0, held_nanousd__gte=0), name="budget_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.subject} {self.period_key}"


class FreeQuotaDay(models.Model):
    """Free requests used by an organization on one local day. The day is part of the key: nothing is ever reset."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="free_quota_days", db_index=False)
    day_key = models.CharField(max_length=10)
    used = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("organization", "day_key"), name="free_quota_day_once"),
            models.CheckConstraint(condition=Q(used__gte=0), name="free_quota_not_negative"),
        )

    def __str__(self) -> str:
        return f"{self.organization_id} {self.day_key}: {self.used}"


class IdempotentCall(models.Model):
    """An ``Idempotency-Key`` of a project: the request that bears it, and what that one was answered.

    Both digests are salted with the key itself, and the answer is encrypted with a key derived from the request's own
    bytes (``gateway.idempotency``): only a client that sends the same request again can open it. Kept for a day.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    key_digest = models.CharField(max_length=64)
    body_digest = models.CharField(max_length=64, default="")
    request_id = models.UUIDField(null=True, help_text="The hold made under this key; none while no call has been admitted.")
    answer = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "key_digest"), name="idempotency_key_once"),)

    def __str__(self) -> str:
        return f"{self.project_id} {self.key_digest[:8]}"


class Attempt(models.Model):
    """One call to one endpoint in the life of a request, and what the upstream will bill us for it."""

    request_id = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    started_at = models.DateTimeField()
    first_byte_ms = models.PositiveIntegerField(null=True, blank=True)
    latency_ms = models.PositiveIntegerField()
    upstream_cost_nanousd = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=40)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("request_id", "number"), name="attempt_once"),)

    def __str__(self) -> str:
        return f"{self.request_id} #{self.number}"


class LedgerCheck(models.Model):
    """One run of the job that proves that the money adds up (``billing.check``); the newest few hundred are kept."""

    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    findings = models.PositiveIntegerField(help_text="Rows that say that the money does not add up.")
    text = models.TextField(blank=True, help_text="The first of them, or why the check could not be made.")
    is_complete = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M}: {self.outcome}"

    @property
    def outcome(self) -> str:
        if not self.is_complete:
            return "could not be made"
        return f"{self.findings:,} finding{'' if self.findings == 1 else 's'}" if self.findings else "adds up"


class PlatformLoss(models.Model):
    """What a request cost beyond its hold: CLōD pays it, and counts it."""

    request_id = models.UUIDField(unique=True)
    amount_nanousd = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "platform losses"

    def __str__(self) -> str:
        return f"{self.request_id}: {self.amount_nanousd}"
