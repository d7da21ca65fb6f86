"""Projects isolate keys, models, logs and budgets; API keys open the gateway in their name."""

from django.core.validators import MinValueValidator
from django.db import models

from accounts.models import Organization, User
from catalog.models import Model
from clod_site.lib import ahead, clock, ids


class BodyLogging(models.TextChoices):
    """Whether what was said in a project's requests is stored, and who can read it."""

    OFF = "off"
    PLAIN = "plain"
    SEALED = "sealed"


class Project(models.Model):
    """An isolated environment of an organization. Caps are nano-USD; none means no cap."""

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=80)
    is_default = models.BooleanField(default=False)
    daily_cap_nanousd = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(0)])
    monthly_cap_nanousd = models.BigIntegerField(null=True, blank=True, validators=[MinValueValidator(0)])
    allowed_models = models.ManyToManyField(
        Model, blank=True, related_name="+", help_text="Models its keys may call; none chosen means all."
    )
    sends_alerts = models.BooleanField(default=True, help_text="At 80 % and 100 % of its caps and of its keys' caps.")
    body_logging = models.CharField(
        max_length=6,
        choices=BodyLogging.choices,
        default=BodyLogging.OFF,
        db_default=BodyLogging.OFF,
        help_text="Changed on its Encryption page.",
    )
    body_days = models.PositiveSmallIntegerField(
        default=30, db_default=30, validators=[MinValueValidator(1)], help_text="How long prompts and answers are kept."
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("organization", "name"), name="project_name_once"),
            models.UniqueConstraint(fields=("organization",), condition=models.Q(is_default=True), name="one_default_project"),
            models.CheckConstraint(condition=models.Q(daily_cap_nanousd__gte=0), name="daily_cap_not_negative"),
            models.CheckConstraint(condition=models.Q(monthly_cap_nanousd__gte=0), name="monthly_cap_not_negative"),
        )

    def __str__(self) -> str:
        return self.name

    def archive(self) -> None:
        """Its keys start no more calls; its activity and money rows stay. Archiving twice keeps the first instant."""
        Project.objects.filter(pk=self.pk, archived_at=None).update(archived_at=clock.now())
        ahead.run_out(project_id=self.pk)

    def restore(self) -> None:
        """Its keys that were neither revoked nor disabled, and have not expired, work again."""
        Project.objects.filter(pk=self.pk).update(archived_at=None)


class Recipient(models.Model):
    """A public key that a project's bodies are sealed to, once its holder has proved to have the private half, until it is revoked.

    ``kid`` is the key's RFC 7638 thumbprint. The private half is never here.
    """

    id = ids.primary_key()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="recipients")
    kid = models.CharField(max_length=43)
    jwk = models.JSONField(help_text="Its public members: kty, crv, x, y.")
    name = models.CharField(max_length=80)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    proven_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, help_text="Nothing is sealed to it from then on.")
    revoked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("project", "kid"), name="recipient_once_a_project"),)

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """A secret's shadow: its public id and a keyed digest. The secret itself is shown once and kept nowhere.

    ``allowed_networks`` are addresses or networks as text; it may be used from anywhere when there are none.
    Its own caps hold beside its project's; amounts are nano-USD, none means no cap.
    """

    id = ids.primary_key()
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    public_id = models.CharField(max_length=12, unique=True)
    digest = models.BinaryField(max_length=32)
    pepper_id = models.CharField(max_length=8)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", help_text="Once it is rotated."
    )
    disabled_at = models.DateTimeField(null=True, blank=True, help_text="It starts no calls until it is enabled again.")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True)
    allowed_models = models.ManyToManyField(Model, blank=True, related_name="+")
    allowed_networks = models.JSONField(default=list, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    daily_cap_nanousd = models.BigIntegerField(null=True, blank=True)
    monthly_cap_nanousd = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"
        constraints = (
            models.CheckConstraint(condition=models.Q(daily_cap_nanousd__gte=0), name="key_daily_cap_not_negative"),
            models.CheckConstraint(condition=models.Q(monthly_cap_nanousd__gte=0), name="key_monthly_cap_not_negative"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def prefix(self) -> str:
        """What lists show of a key: enough to recognise it, nothing to use it."""
        return f"clod_sk_{self.public_id}…"
