"""Operators' pages for projects and API keys. A key's digest is on none of them."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin import OrganizationPage
from accounts.models import User
from clod_site.admin_pages import Page, Record, RecordInline, dollars
from clod_site.lib import ahead
from projects import caps, keys
from projects.models import ApiKey, Project, Recipient
from team import audit


class ProjectInline(RecordInline):
    model = Project
    columns = ("name", "is_default", dollars("daily_cap_nanousd"), dollars("monthly_cap_nanousd"), "archived_at")


OrganizationPage.inlines.append(ProjectInline)


class ApiKeyInline(RecordInline):
    model = ApiKey
    columns = (
        "name",
        "prefix",
        "created_by",
        dollars("daily_cap_nanousd"),
        dollars("monthly_cap_nanousd"),
        "last_used_at",
        "expires_at",
        "revoked_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("created_by")


class RecipientInline(RecordInline):
    model = Recipient
    columns = ("name", "kid", "created_by", "created_at", "proven_at", "revoked_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("created_by")


@admin.register(Project)
class ProjectPage(Page):
    list_display = (
        "name",
        "organization",
        "is_default",
        dollars("daily_cap_nanousd"),
        dollars("monthly_cap_nanousd"),
        "archived_at",
        "created_at",
    )
    list_filter = ("is_default", "archived_at")
    list_select_related = ("organization",)
    search_fields = ("name", "organization__name")
    autocomplete_fields = ("organization", "allowed_models")
    readonly_fields = ("body_logging", "body_days", "created_at")  # who can read is for the organization to say, on its own pages
    date_hierarchy = "created_at"
    inlines = (RecipientInline, ApiKeyInline)

    def save_model(self, request: HttpRequest, obj: Project, form: Any, change: bool) -> None:
        """A changed cap is told to the organization's webhooks, as on its own pages. The admin has a transaction open."""
        super().save_model(request, obj, form, change)
        if change:
            ahead.run_out(project_id=obj.pk)
            caps.tell(obj, {name: form.initial.get(name) for name in caps.CAPS}, {name: getattr(obj, name) for name in caps.CAPS})


@admin.register(ApiKey)
class ApiKeyPage(Record):
    """Keys are made on the dashboard, where their owner sees the secret once; here they are found and revoked."""

    hidden = ("pepper_id",)
    list_display = (
        "name",
        "prefix",
        "project",
        "organization",
        "created_by",
        dollars("daily_cap_nanousd"),
        dollars("monthly_cap_nanousd"),
        "last_used_at",
        "expires_at",
        "disabled_at",
        "revoked_at",
    )
    list_filter = ("revoked_at", "disabled_at", "expires_at")
    list_select_related = ("project__organization", "created_by")
    search_fields = ("name", "public_id", "project__name", "project__organization__name", "created_by__email")
    date_hierarchy = "created_at"
    actions = ("revoke",)

    @admin.display(ordering="project__organization__name")
    def organization(self, api_key: ApiKey) -> str:
        return api_key.project.organization.name

    @admin.action(description="Revoke: they start no more calls", permissions=["revoke"])
    def revoke(self, request: HttpRequest, api_keys: QuerySet[ApiKey]) -> None:
        assert isinstance(request.user, User)
        with transaction.atomic():  # all at once, so that calls admitted ahead are waited for together
            for api_key in api_keys:
                keys.revoke(api_key, actor=request.user)
                audit.record(request, "key.revoke", api_key, organization=api_key.project.organization)
                self.log_change(request, api_key, "Revoked.")
        self.message_user(request, f"{len(api_keys)} revoked.")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("projects.change_apikey"))
