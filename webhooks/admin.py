"""Operators' pages for webhooks. A secret is on none of them."""

from django.contrib import admin

from clod_site.admin_pages import Record
from webhooks.models import Delivery, Event, Webhook


@admin.register(Webhook)
class WebhookPage(Record):
    hidden = ("secret_sealed", "previous_secret_sealed", "claim")
    list_display = ("__str__", "organization", "created_by", "created_at", "failing_since", "disabled_at", "disabled_reason")
    list_filter = ("disabled_at", "failing_since")
    list_select_related = ("organization", "created_by")
    search_fields = ("url", "description", "organization__name")
    date_hierarchy = "created_at"


@admin.register(Event)
class EventPage(Record):
    list_display = ("public_id", "type", "organization", "created_at")
    list_filter = ("type",)
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
    date_hierarchy = "created_at"


@admin.register(Delivery)
class DeliveryPage(Record):
    list_display = ("public_id", "event", "webhook", "organization", "state", "tries", "status", "last_try_at", "next_try_at")
    list_filter = ("state", "status")
    list_select_related = ("organization", "event", "webhook")
    search_fields = ("webhook__url", "organization__name")
    date_hierarchy = "created_at"
