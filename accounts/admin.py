"""Operators' pages for people and organizations. Apps above add what else belongs to an organization to its ``inlines``."""

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.admin import EmailAddressAdmin
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, PaginationInlineFormSet, UserChangeForm, UserCreationForm

from accounts import factors_admin, onboarding, zones  # noqa: F401  (registers its page)
from accounts.models import FreeQuota, Membership, Organization, Role, User
from clod_site.admin_pages import Inline, Page, Record, RecordInline
from clod_site.lib import clock

if TYPE_CHECKING:
    from django.forms import BaseInlineFormSet

    _FormSet = BaseInlineFormSet[Any, Any, Any]
else:
    _FormSet = PaginationInlineFormSet

# One way to log in, with its rate limits and second factors: the admin's own form is not used.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.unregister((Group, EmailAddress))


class WithAnOwner(_FormSet):
    """An organization that nobody owns could never again be managed by its members."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")]
        if not any(member.get("role") == Role.OWNER for member in kept):
            raise ValidationError("An organization needs an owner: give one of its members that role.")


class MembershipInline(Inline):
    model = Membership
    formset = WithAnOwner
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    min_num = 1
    show_change_link = False


class FreeQuotaInline(RecordInline):
    model = FreeQuota
    verbose_name_plural = "whose free requests it has"
    columns = ("user", "since")


# Members change these under Settings, where a rule says when: an operator would open another day's free requests and caps.
RULED = ("time_zone", "next_time_zone", "time_zone_changes_at")


@admin.register(Organization)
class OrganizationPage(Page):
    list_display = ("name", "owner", "member_count", "zone", "pays_after_free_quota", "suspended_at", "created_at")
    list_filter = ("suspended_at", "pays_after_free_quota")
    search_fields = ("name", "members__email")
    readonly_fields = ("suspended_at", "created_at")
    date_hierarchy = "created_at"
    actions = ("suspend", "reopen")
    inlines: ClassVar[list[Any]] = [MembershipInline, FreeQuotaInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(_members=Count("memberships")).prefetch_related("memberships__user")

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return self.inlines if obj else [MembershipInline]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj else RULED[1:]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, *(RULED if obj else ()))

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        """Only what the operator changed: what members changed meanwhile stays."""
        obj.save(update_fields=form.changed_data if change else None)

    @admin.display(description="time zone")
    def zone(self, organization: Organization) -> str:
        calendar = organization.calendar
        pending = zones.on_its_way(organization, clock.now())
        return f"{calendar.zone}, from {calendar.changes_at:%d %b %H:%M} UTC {calendar.next_zone}" if pending else organization.zone_now

    @admin.display(description="owner")
    def owner(self, organization: Organization) -> str:
        return ", ".join(member.user.email for member in organization.memberships.all() if member.role == Role.OWNER)

    @admin.display(description="members", ordering="_members")
    def member_count(self, organization: Any) -> int:
        return int(organization._members)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A new organization starts with what a sign-up gives it: a wallet and a default project."""
        super().save_related(request, form, formsets, change)
        if not change:
            owner = form.instance.memberships.select_related("user").filter(role=Role.OWNER).earliest("created_at").user
            onboarding.organization_created.send(sender=Organization, organization=form.instance, owner=owner)

    @admin.action(description="Suspend: its keys start no more calls", permissions=["change"])
    def suspend(self, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
        count = organizations.filter(suspended_at=None).update(suspended_at=clock.now())
        self.message_user(request, f"{count} suspended. Calls that run now are finished and charged.")

    @admin.action(description="Lift the suspension", permissions=["change"])
    def reopen(self, request: HttpRequest, organizations: QuerySet[Organization]) -> None:
        count = organizations.exclude(suspended_at=None).update(suspended_at=None)
        self.message_user(request, f"{count} open again.")


class NewUserForm(UserCreationForm):  # type: ignore[misc]  # unfold comes without types
    class Meta:
        model = User
        fields = ("email", "name")


class UserForm(UserChangeForm):  # type: ignore[misc]
    class Meta:
        model = User
        fields = "__all__"


class UserMembershipInline(Inline):
    model = Membership
    fields = ("organization", "role")
    autocomplete_fields = ("organization",)
    show_change_link = False


@admin.register(User)
class UserPage(UserAdmin, Page):  # type: ignore[type-arg]
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
class MembershipPage(Page):
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
