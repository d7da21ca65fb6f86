"""Invitations, the audit log, and what each person wants to be mailed about."""

from django.db import models

from accounts.models import Organization, Role, User
from clod_site.lib import clock, ids


class Invitation(models.Model):
    """Somebody is asked to join. The link's token is mailed and only its digest kept; a new mail has a new one."""

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.DEVELOPER)
    digest = models.BinaryField(max_length=32, unique=True)
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    sent_at = models.DateTimeField(default=clock.now)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("organization", "email"), condition=models.Q(accepted_at=None), name="one_open_invitation"),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= clock.now()


class AuditEvent(models.Model):
    """Who did what, when, to what, from where. Written by ``team.audit``, never changed: ``team.append_only`` has the database refuse it.

    People and things are kept as they were called then, without foreign keys: an event outlasts what it tells of.
    """

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    actor_id = models.UUIDField(null=True)
    actor_email = models.CharField(max_length=254, blank=True)
    deed = models.CharField(max_length=40, help_text="Of team.deeds.")
    target_kind = models.CharField(max_length=20, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    target_name = models.CharField(max_length=254, blank=True)
    details = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True, help_text="What the browser says it is.")

    class Meta:
        indexes = (models.Index(fields=("organization", "-id"), name="audit_newest_first"),)

    def __str__(self) -> str:
        return f"{self.actor_email} {self.deed} {self.target_name}"


class MailChoices(models.Model):
    """What a person wants to be mailed about; no row means as it is by default. Mails about the log-in are always sent."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="mail_choices")
    budget_alerts = models.BooleanField(
        "Budget alerts", default=True, help_text="When a project or key has spent 80 % or all of a cap. For owners and admins."
    )
    low_wallet = models.BooleanField(
        "Wallet", default=True, help_text="When the wallet runs low, or an automatic top-up did not work. For owners and admins."
    )
    webhooks = models.BooleanField(
        "Webhooks", default=True, db_default=True, help_text="When a webhook is disabled because nothing arrives. For owners and admins."
    )
    product_news = models.BooleanField("Product news", default=False, help_text="New models and features, a few times a year.")

    class Meta:
        verbose_name = verbose_name_plural = "mail choices"

    def __str__(self) -> str:
        return f"mails of {self.user}"
