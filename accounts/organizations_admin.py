"""Operators' page for organizations. Apps above add what else belongs to one: rows to its ``inlines``, sentences to its ``facts``."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.forms import PaginationInlineFormSet

from accounts import onboarding, suspension, zones
from accounts.models import FreeQuota, Membership, Organization, Role
from accounts.suspension_steps import REOPEN, SUSPEND, SuspensionForm
from clod_site import admin_steps
from clod_site.admin_pages import Inline, Page, RecordInline
from clod_site.admin_steps import button
from clod_site.lib import clock

if TYPE_CHECKING:
    from django.forms import BaseInlineFormSet

    _FormSet = BaseInlineFormSet[Any, Any, Any]
else:
    _FormSet = PaginationInlineFormSet


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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user", "organization")


class FreeQuotaInline(RecordInline):
    model = FreeQuota
    verbose_name_plural = "whose free requests it has"
    columns = ("user", "since")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")


BOOKS_STAY = "Wallets, ledger entries and requests are kept for ever, so an organization that has some is not deleted: suspend it instead."


@admin.display(description="standing")
def standing(organization: Organization) -> str:
    if organization.suspended_at is None:
        return "open"
    why = f": {organization.suspended_reason}" if organization.suspended_reason else ""
    return f"suspended since {organization.suspended_at:%d %b %Y %H:%M} UTC{why}"


# Members change these under Settings, where a rule says when: an operator would open another day's free requests and caps.
RULED = ("time_zone", "next_time_zone", "time_zone_changes_at")


@admin.register(Organization)
class OrganizationPage(Page):
    list_display = ("name", "owner", "member_count", "zone", "pays_after_free_quota", "suspended_at", "suspended_reason", "created_at")
    list_filter = ("suspended_at", "pays_after_free_quota")
    search_fields = ("name", "members__email")
    readonly_fields = ("suspended_at", "suspended_reason", "created_at")
    date_hierarchy = "created_at"
    actions_detail: ClassVar[tuple[str, ...]] = ("suspend", "reopen")
    facts: ClassVar[list[Any]] = [standing]  # and what apps above have to say of an organization: callables, shown first
    inlines: ClassVar[list[Any]] = [MembershipInline, FreeQuotaInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(_members=Count("memberships")).prefetch_related("memberships__user")

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return self.inlines if obj else [MembershipInline]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj else RULED[1:]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*self.readonly_fields, *((*RULED, *self.facts) if obj else ()))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return super().get_fieldsets(request, obj)
        others = [name for name in self.get_fields(request, obj) if name not in self.facts]
        return (("Right now", {"fields": [*self.facts]}), ("Settings", {"fields": others}))

    def save_model(self, request: HttpRequest, obj: Organization, form: Any, change: bool) -> None:
        """Only what the operator changed: what members changed meanwhile stays."""
        obj.save(update_fields=form.changed_data if change else None)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Django would only say that nobody may delete rows of the books, which sounds like a permission to ask for."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return (deleted, counts, set(), [*protected, BOOKS_STAY]) if lacking or protected else (deleted, counts, lacking, protected)

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

    @classmethod
    def add_button(cls, deed: Any, may: str) -> None:
        """For apps above: ``deed`` is an unfold action, a function of the page, the request and the organization's id. ``may`` is
        the permission it needs; the action calls it by a name of its own, because unfold looks up whole ones before there is a database.
        """
        for name in deed.allowed_permissions:
            setattr(cls, f"has_{name}_permission", lambda _, request, *__: bool(request.user.has_perm(may)))
        setattr(cls, deed.original_function_name, deed)
        cls.actions_detail = (*cls.actions_detail, deed.original_function_name)

    # --- suspending ------------------------------------------------------------------------------

    def has_suspend_permission(self, request: HttpRequest, *_: Any) -> bool:
        return bool(request.user.has_perm("accounts.suspend_organization"))

    @button("Suspend", path="suspend", may="suspend", icon="block")
    def suspend(self, request: HttpRequest, object_id: str) -> HttpResponse:
        organization = admin_steps.row_of(self, request, object_id)
        form = SuspensionForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self._suspend(request, organization, form.cleaned_data["reason"])
            return redirect("admin:accounts_organization_change", organization.pk)
        return admin_steps.show(self, request, SUSPEND.about(organization), form, organization)

    @button("Open again", path="reopen", may="suspend", icon="lock_open")
    def reopen(self, request: HttpRequest, object_id: str) -> HttpResponse:
        organization = admin_steps.row_of(self, request, object_id)
        if request.method == "POST":
            if suspension.lift(request, organization):
                self.log_change(request, organization, "Suspension lifted.")
            self.message_user(request, f"{organization.name} is open.")
            return redirect("admin:accounts_organization_change", organization.pk)
        return admin_steps.show(self, request, REOPEN.about(organization), row=organization)

    def _suspend(self, request: HttpRequest, organization: Organization, reason: str) -> None:
        if suspension.suspend(request, organization, reason):
            self.log_change(request, organization, f"Suspended: {reason}")
            self.message_user(request, f"{organization.name} is suspended. Calls that run now are finished and charged.")
        else:
            self.message_user(request, f"{organization.name} was suspended already; its reason is left as it was.", messages.WARNING)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Only the one of the two that would change something."""
        is_suspended = Organization.objects.filter(pk=unquote(str(object_id)), suspended_at__isnull=False).exists()
        needless = "suspend" if is_suspended else "reopen"
        return [each for each in super().get_actions_detail(request, object_id) if each.path != needless]  # type: ignore[misc]
