"""Operators' view of requests: metadata, never what was said."""

from django.contrib import admin

from accounts.admin import OrganizationPage
from activity import organization_facts
from activity.models import Request, SavedView
from clod_site.admin_pages import Record, dollars

OrganizationPage.facts.append(organization_facts.used)


@admin.register(Request)
class RequestPage(Record):
    list_display = (
        "created_at",
        "organization",
        "project",
        "model",
        "served_at",
        "status",
        "prompt_tokens",
        "completion_tokens",
        "ttft_ms",
        "latency_ms",
        dollars("cost_nanousd"),
        "paid_by",
    )
    linked = ("organization__id__exact",)
    list_filter = ("status", "operation", "paid_by", "is_estimated", "is_usage_suspect", "is_stream")
    list_select_related = ("organization", "project")
    search_fields = ("=id", "model", "organization__name", "project__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)

    @admin.display(description="served at")
    def served_at(self, request_row: Request) -> str:
        return request_row.data_center or request_row.provider


@admin.register(SavedView)
class SavedViewPage(Record):
    list_display = ("name", "organization", "owner", "is_shared", "updated_at", "deleted_at")
    list_filter = ("is_shared",)
    list_select_related = ("organization", "owner")
    search_fields = ("name", "organization__name", "owner__email")
    ordering = ("-updated_at",)
