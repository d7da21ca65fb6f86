"""What is remembered of alerts, about caps and about low wallets."""

from django.db import models

from accounts.models import Organization, User
from clod_site.lib import clock
from clod_site.lib.money import share, tell_apart


class MailState(models.TextChoices):
    WAITING = "waiting"
    SENDING = "sending", "sending, or nobody knows"
    SENT = "sent"
    TOO_LATE = "too late"


class BudgetAlert(models.Model):
    """Most of a cap is spent, in one period of a project or key. Unique, so that it is told of once, whoever finds it how often."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="budget_alerts")
    period = models.ForeignKey("billing.BudgetPeriod", on_delete=models.CASCADE, related_name="alerts", db_index=False)
    percent = models.PositiveSmallIntegerField()
    cap_nanousd = models.BigIntegerField(help_text="As it was then.")
    spent_nanousd = models.BigIntegerField(help_text="As it was then.")
    resets_at = models.DateTimeField(help_text="When the period ends; afterwards nobody needs to know any more.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    mail = models.CharField(max_length=8, choices=MailState.choices, default=MailState.WAITING)
    tries = models.PositiveIntegerField(default=0)
    dismissed_by = models.ManyToManyField(User, related_name="+", blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("period", "percent", "cap_nanousd"), name="budget_alert_once"),)
        indexes = (models.Index(fields=("tries", "id"), condition=models.Q(mail="waiting"), name="budget_alerts_to_mail"),)

    def __str__(self) -> str:
        return f"{self.percent} % of {self.period}"

    @property
    def percent_spent(self) -> int:
        """Of the cap, rounded down, so that 100 is all of it."""
        return self.spent_nanousd * 100 // self.cap_nanousd

    @property
    def share_spent(self) -> str:
        return share(self.spent_nanousd, self.cap_nanousd)

    @property
    def amounts(self) -> tuple[str, ...]:
        """What was spent and the cap, as people read them."""
        return tell_apart(self.spent_nanousd, self.cap_nanousd)


class LowWallet(models.Model):
    """Somebody was told that the wallet runs low; gone when it has been filled again."""

    organization = models.OneToOneField(Organization, on_delete=models.CASCADE, primary_key=True, related_name="+")
    told_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"low wallet of {self.organization_id}"
