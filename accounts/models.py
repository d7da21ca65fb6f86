"""Users, the organizations they work in, and the role they have there."""

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from clod_site.lib import clock, ids
from clod_site.lib.calendars import Calendar


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    id = ids.primary_key()
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.email


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name} is not a time zone; use a name like America/Toronto.")


class Organization(models.Model):
    """The tenant: a wallet, the free quota, projects, keys and logs belong to it."""

    id = ids.primary_key()
    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    next_time_zone = models.CharField(max_length=64, blank=True, help_text="In force from the instant below; before it, the one above.")
    time_zone_changes_at = models.DateTimeField(null=True, blank=True)
    pays_after_free_quota = models.BooleanField(
        default=True, help_text="When today's free requests are used up, free models go on at their standard rate from the wallet."
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Of all its keys together; empty: the installation's limit."
    )
    tokens_per_minute = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Of all its keys together; empty: the installation's limit."
    )
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.CharField(max_length=300, blank=True, default="", db_default="", help_text="As its members are told.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    members = models.ManyToManyField(User, through="Membership", related_name="organizations")

    class Meta:
        permissions = (("suspend_organization", "Can suspend organizations, and open them again"),)

    def __str__(self) -> str:
        return self.name

    @property
    def calendar(self) -> Calendar:
        """Its days and months. Nothing else may compute them: ``time_zone`` alone says nothing about today."""
        return Calendar(self.time_zone, self.next_time_zone, self.time_zone_changes_at)

    @property
    def zone_now(self) -> str:
        return self.calendar.zone_at(clock.now())


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


class Membership(models.Model):
    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.DEVELOPER)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("organization", "user"), name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user} in {self.organization} ({self.role})"


class FreeQuota(models.Model):
    """A verified user's free requests: which organization has them, from when on. An organization without anybody's has none.

    A row of its own: whoever saves a user or an organization they read a moment ago does not undo a move.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="free_quota")
    organization = models.OneToOneField(Organization, on_delete=models.SET_NULL, null=True, related_name="free_quota")
    since = models.DateTimeField(null=True)
    free_from = models.DateTimeField(null=True, help_text="When the day ended that they may have been used in elsewhere before.")

    def __str__(self) -> str:
        return f"free requests of {self.user}"


class FormerAddress(models.Model):
    """An address of a deleted account, as a keyed digest, until the day ends whose free requests it may have used."""

    digest = models.BinaryField(max_length=32, unique=True)
    free_from = models.DateTimeField()

    def __str__(self) -> str:
        return f"an address, until {self.free_from:%Y-%m-%d %H:%M}"
