"""Operators' view of the Studio's short-lived tokens; neither digest nor session key is shown."""

from django.contrib import admin

from clod_site.admin_pages import Record
from studio.models import StudioToken


@admin.register(StudioToken)
class StudioTokenPage(Record):
    hidden = ("session_key",)  # whoever has it is logged in
    list_display = ("user", "project", "created_at", "expires_at")
    list_select_related = ("user", "project")
    search_fields = ("user__email", "project__name")
    ordering = ("-created_at",)
