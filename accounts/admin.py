"""Operators' pages for people; those of organizations are in ``accounts.organizations_admin``."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from accounts import factors_admin, onboarding  # noqa: F401  (registers its page)
from accounts.models import Membership, User
from accounts.organizations_admin import OrganizationPage
from accounts.owners import KeepsOwners
from clod_site.admin_pages import Inline, Page, Record

__all__ = ["OrganizationPage"]

# One way to log in, with its rate limits and second factors: the admin's own form is not used.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister((Group, EmailAddress))


class NewUserForm(UserCreationForm):  # type: ignore[misc]  # unfold comes without types
    class Meta:
        model = User
        fields = ("email", "name")


class WhetherSet(forms.Widget):
    """Django's own shows the method, its cost, and parts of salt and hash; nobody has a use for them."""

    read_only = True

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return format_html("<div>{}</div>", "A password is set." if value and is_password_usable(value) else "There is no password.")


class UserForm(UserChangeForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = "__all__"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].widget = WhetherSet()


class UserMembershipInline(Inline):
    model = Membership
    fields = ("organization", "role")
    autocomplete_fields = ("organization",)
    show_change_link = False


@admin.register(User)
class UserPage(UserAdmin, KeepsOwners):  # type: ignore[type-arg, misc]
    form, add_form, change_password_form = UserForm, NewUserForm, AdminPasswordChangeForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("-created_at",)
    readonly_fields = ("last_login", "created_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Times", {"fields": ("last_login", "created_at")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)
    inlines = (UserMembershipInline,)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A new user gets a personal organization, as after a sign-up."""
        super().save_model(request, obj, form, change)
        if not change:
            onboarding.create_personal_organization(obj)


@admin.register(Membership)
class MembershipPage(KeepsOwners):
    list_display = ("user", "organization", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "organization")
    search_fields = ("user__email", "organization__name")
    autocomplete_fields = ("user", "organization")


@admin.register(EmailAddress)
class EmailPage(EmailAddressAdmin, Page):  # type: ignore[misc]
    list_select_related = ("user",)
    search_fields = ("email",)
    raw_id_fields = ()
    autocomplete_fields = ("user",)

    @admin.action(description="Mark as verified", permissions=["change"])
    def make_verified(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> None:
        for address in queryset.filter(verified=False):
            super().make_verified(request, queryset.filter(pk=address.pk))
            self.log_change(request, address, "Marked as verified.")


@admin.register(Group)
class GroupPage(GroupAdmin, Page):
    """Groups of staff permissions, for operators who should see less than everything."""


@admin.register(LogEntry)
class HistoryPage(Record):
    """What operators changed, and when."""

    list_display = ("action_time", "user", "content_type", "object_repr", "action_flag", "get_change_message")
    list_filter = ("action_flag", "content_type")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "user__email")
    date_hierarchy = "action_time"
