"""Operators' view of money. Nothing here can be added, changed or deleted: only the ledger writes these rows."""

from django.contrib import admin

from accounts.admin import OrganizationPage
from billing import credits_admin, organization_facts
from billing.models import (
    Attempt,
    AutoTopUp,
    BudgetAlert,
    BudgetPeriod,
    FreeQuotaDay,
    Hold,
    LedgerCheck,
    LedgerEntry,
    PaymentEvent,
    PlatformLoss,
    TopUp,
    Wallet,
)
from clod_site.admin_pages import Record, RecordInline, dollars

_WALLET = ("wallet__organization",)


class WalletInline(RecordInline):
    model = Wallet
    columns = (dollars("balance_nanousd"), dollars("held_nanousd"), "frozen_at")


OrganizationPage.inlines.append(WalletInline)
OrganizationPage.facts += [organization_facts.money, organization_facts.holds, organization_facts.free_requests]
OrganizationPage.add_button(credits_admin.credit, credits_admin.MAY)
OrganizationPage.add_button(credits_admin.take_back, credits_admin.MAY)


@admin.register(Wallet)
class WalletPage(Record):
    list_display = ("organization", dollars("balance_nanousd"), dollars("held_nanousd"), "frozen_at", "created_at")
    list_filter = ("frozen_at",)
    list_select_related = ("organization",)
    search_fields = ("organization__name", "organization__members__email")


@admin.register(LedgerEntry)
class LedgerEntryPage(Record):
    list_display = ("created_at", "wallet", "kind", dollars("amount_nanousd"), dollars("balance_after_nanousd"), "reference", "reason")
    linked = ("wallet__id__exact",)
    list_filter = ("kind",)
    list_select_related = _WALLET
    search_fields = ("reference", "wallet__organization__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(Hold)
class HoldPage(Record):
    list_display = (
        "created_at",
        "id",
        "project",
        "state",
        "funding",
        dollars("amount_nanousd"),
        dollars("captured_nanousd"),
        "expires_at",
        "is_lease",
    )
    linked = ("wallet__id__exact",)
    list_filter = ("state", "funding", "is_lease")
    list_select_related = ("project",)
    search_fields = ("=id", "project__name", "wallet__organization__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(BudgetPeriod)
class BudgetPeriodPage(Record):
    list_display = ("period_key", "project", "api_key", dollars("spent_nanousd"), dollars("held_nanousd"))
    list_select_related = ("project", "api_key")
    search_fields = ("period_key", "project__name", "project__organization__name", "api_key__name", "api_key__project__organization__name")
    ordering = ("-period_key", "-id")


@admin.register(BudgetAlert)
class BudgetAlertPage(Record):
    list_display = (
        "created_at",
        "organization",
        "period",
        "percent",
        dollars("spent_nanousd"),
        dollars("cap_nanousd"),
        "mail",
        "tries",
        "resets_at",
    )
    list_filter = ("mail", "percent")
    list_select_related = ("organization", "period")
    search_fields = ("organization__name", "period__project__name", "period__api_key__name")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(FreeQuotaDay)
class FreeQuotaDayPage(Record):
    list_display = ("day_key", "organization", "used")
    list_select_related = ("organization",)
    search_fields = ("day_key", "organization__name")
    ordering = ("-day_key", "-id")


@admin.register(Attempt)
class AttemptPage(Record):
    list_display = (
        "started_at",
        "request_id",
        "number",
        "endpoint",
        "outcome",
        "first_byte_ms",
        "latency_ms",
        dollars("upstream_cost_nanousd"),
    )
    list_filter = ("outcome",)
    list_select_related = ("endpoint__model", "endpoint__provider", "endpoint__data_center")
    search_fields = ("=request_id", "endpoint__model__slug")
    ordering = ("-id",)


@admin.register(PlatformLoss)
class PlatformLossPage(Record):
    list_display = ("created_at", "request_id", dollars("amount_nanousd"))
    search_fields = ("=request_id",)
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(LedgerCheck)
class LedgerCheckPage(Record):
    """Whether the money adds up, as the job that proves it found."""

    list_display = ("started_at", "outcome", "findings", "took", "text")
    ordering = ("-id",)

    @admin.display(description="took", ordering="duration_ms")
    def took(self, run: LedgerCheck) -> str:
        return f"{run.duration_ms / 1000:,.1f} s"


@admin.register(TopUp)
class TopUpPage(Record):
    list_display = (
        "created_at",
        "public_id",
        "organization",
        "state",
        "provider",
        "is_automatic",
        dollars("amount_nanousd"),
        dollars("reversed_nanousd"),
        dollars("owed_nanousd"),
    )
    list_filter = ("state", "provider", "is_automatic")
    list_select_related = ("organization",)
    search_fields = ("=id", "checkout", "organization__name", "actor__email")
    date_hierarchy = "created_at"
    ordering = ("-id",)


@admin.register(PaymentEvent)
class PaymentEventPage(Record):
    list_display = ("received_at", "provider", "type", "kind", "top_up", dollars("amount_nanousd"), "currency", "acted_at")
    list_filter = ("provider", "kind", "acted_at")
    list_select_related = ("top_up",)
    search_fields = ("event_id", "payment", "part", "order")
    date_hierarchy = "received_at"
    ordering = ("-id",)


@admin.register(AutoTopUp)
class AutoTopUpPage(Record):
    list_display = ("organization", "is_on", dollars("threshold_nanousd"), dollars("amount_nanousd"), "paused_at", "paused_reason")
    list_filter = ("is_on", "paused_at")
    list_select_related = ("organization",)
    search_fields = ("organization__name",)
