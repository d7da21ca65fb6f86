"""Operators' pages for invitations, the audit log and chosen mails. An invitation's digest is on none of them."""

from django.contrib import admin

from clod_site.admin_pages import Record
from team.models import AuditEvent, Invitation, MailChoices


@admin.register(Invitation)
class InvitationPage(Record):
    list_display = ("email", "organization", "role", "invited_by", "sent_at", "expires_at", "accepted_at")
    list_select_related = ("organization", "invited_by")
    list_filter = ("role",)
    search_fields = ("email", "organization__name")
    date_hierarchy = "created_at"


@admin.register(AuditEvent)
class AuditEventPage(Record):
    list_display = ("created_at", "organization", "actor_email", "deed", "target_name", "address")
    list_select_related = ("organization",)
    search_fields = ("actor_email", "target_name", "target_id", "organization__name")
    date_hierarchy = "created_at"


@admin.register(MailChoices)
class MailChoicesPage(Record):
    list_display = ("user", "budget_alerts", "low_wallet", "webhooks", "product_news")
    list_select_related = ("user",)
    search_fields = ("user__email",)
