"""Operators' view of the recurring jobs."""

from django.contrib import admin

from clod_site.admin_pages import Record
from clod_site.lib import clock
from office import jobs
from office.models import JobRun


@admin.register(JobRun)
class JobRunPage(Record):
    list_display = ("name", "state", "started_at", "took", "runs", "failures", "failures_in_a_row", "failed_at", "message")
    list_filter = ("has_failed",)
    search_fields = ("name", "message")
    ordering = ("-has_failed", "name")

    @admin.display(description="state", ordering="has_failed")
    def state(self, run: JobRun) -> str:
        return jobs.state_of(run, clock.now())

    @admin.display(description="took", ordering="duration_ms")
    def took(self, run: JobRun) -> str:
        return f"{run.duration_ms / 1000:,.1f} s"
