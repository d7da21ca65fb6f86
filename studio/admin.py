"""Operators' view of Studio: of tokens neither digest nor session key, of presets nothing that people wrote but their name."""

from django.contrib import admin

from clod_site.admin_pages import Record
from studio.models import StudioPreset, StudioToken


@admin.register(StudioToken)
class StudioTokenPage(Record):
    hidden = ("session_key", "session_sealed")  # whoever has it is logged in
    list_display = ("user", "project", "created_at", "expires_at")
    list_select_related = ("user", "project")
    search_fields = ("user__email", "project__name")
    ordering = ("-created_at",)


@admin.register(StudioPreset)
class StudioPresetPage(Record):
    hidden = ("setup",)  # prompts are their author's
    list_display = ("name", "author", "organization", "is_shared", "updated_at")
    list_select_related = ("author", "organization")
    search_fields = ("author__email", "name")
    ordering = ("-updated_at",)
