"""The last run of each of our background jobs."""

from django.db import models


class JobRun(models.Model):
    """A Celery task and how its last run went. Written by ``office.jobs`` when a run has ended."""

    name = models.CharField(max_length=120, unique=True, help_text="The task.")
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    has_failed = models.BooleanField()
    message = models.CharField(max_length=300, blank=True, help_text="What the last run failed of.")
    runs = models.BigIntegerField(default=0)
    failures = models.BigIntegerField(default=0)
    failures_in_a_row = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True, blank=True, help_text="The last failure.")

    class Meta:
        verbose_name = "job"

    def __str__(self) -> str:
        return self.name
