"""Operators' view of the Studio's short-lived tokens; their digests are not shown."""

from django.contrib import admin

from clod_site.admin_pages import Record
from studio.models import StudioToken


@admin.register(StudioToken)
class StudioTokenPage(Record):
    list_display = ("user", "project", "created_at", "expires_at")
    list_select_related = ("user", "project")
    search_fields = ("user__email", "project__name")
    ordering = ("-created_at",)
