"""What Studio keeps: short-lived tokens, and the presets people save."""

from django.db import models

from accounts.models import Organization, User
from clod_site.lib import clock, ids
from projects.models import Project


class StudioToken(models.Model):
    """``clod_st_…``: bound to a user, a project and the log-in session that asked for it; dead when any of them is."""

    id = ids.primary_key()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    # empty; the version before kept it here in clear, and still does while it is replaced
    session_key = models.CharField(max_length=40, help_text="Of the log-in session; the token dies with it.")
    session_sealed = models.TextField(default="", db_default="", help_text="The session's key, encrypted.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"studio token of {self.user_id}"


class StudioPreset(models.Model):
    """Models, prompts and settings under a name. ``setup`` is a ``studio.setups.Setup``; a deleted one can be restored for an hour."""

    id = ids.primary_key()
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    setup = models.JSONField()
    is_shared = models.BooleanField(default=False, help_text="Everybody in the organization may open it.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=("organization", "-updated_at"), name="studio_presets_of_org"),)

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.public("pre", self.pk)
