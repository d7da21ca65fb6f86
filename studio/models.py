"""Short-lived tokens with which the Studio page calls the gateway as its user, in one project."""

from django.db import models

from accounts.models import User
from clod_site.lib import clock, ids
from projects.models import Project


class StudioToken(models.Model):
    """``clod_st_…``: bound to a user, a project and the log-in session that asked for it; dead when any of them is."""

    id = ids.primary_key()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    session_key = models.CharField(max_length=40, help_text="Of the log-in session; the token dies with it.")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"studio token of {self.user_id}"
