"""Operators' pages for the catalog. Whatever is saved here reaches the gateway within a second: it counts the version up."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Field, Q
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from catalog import (  # noqa: F401  (each registers its pages)
    credentials_admin,
    endpoints_admin,
    prices_admin,
)
from catalog.catalog_page import CatalogPage
from catalog.credentials_admin import DataCenterForm, ProviderForm, SealingPage
from catalog.exchange_admin import ExchangePage
from catalog.features import FEATURES
from catalog.models import MODALITIES, OUTPUTS, DataCenter, Endpoint, Model, Provider
from catalog.operations import OPERATIONS
from clod_site.admin_pages import Inline, dollars

WORDS = {"input_modalities": MODALITIES, "output_modalities": OUTPUTS, "operations": OPERATIONS}
_ACTIVE_ENDPOINTS = Count("endpoints", filter=Q(endpoints__active=True))


class SluggedPage(CatalogPage):
    """What the catalog files know by a slug. A slug is a name in URLs, logs and files: it is given once."""

    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(_endpoints=_ACTIVE_ENDPOINTS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *(("slug",) if obj else ()), "created_at", "updated_at")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else self.prepopulated_fields

    @admin.display(description="endpoints", ordering="_endpoints")
    def endpoint_count(self, row: Any) -> int:
        return int(row._endpoints)


class EndpointInline(Inline):
    model = Endpoint
    fields = ("provider", "data_center", "upstream_model", "base_url_env", "active")
    autocomplete_fields = ("provider", "data_center")


@admin.register(Model)
class ModelPage(ExchangePage, SluggedPage):
    list_display = (
        "name",
        "slug",
        "developer",
        "label",
        dollars("input_nanousd_per_mtok"),
        dollars("output_nanousd_per_mtok"),
        "context_window",
        "energy_weight",
        "endpoint_count",
        "active",
    )
    list_filter = ("active", "category", "is_free", "developer")
    search_fields = ("name", "slug", "vendor_id", "developer")
    inlines = (EndpointInline,)

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: Any, **options: Any) -> Any:
        if db_field.name in WORDS:
            choices = [(word, word) for word in WORDS[db_field.name]]
            return forms.MultipleChoiceField(choices=choices, widget=UnfoldAdminCheckboxSelectMultipleWidget)
        if db_field.name == "features":
            sentences = [(feature, f"{feature} (without it: {lack})") for feature, lack in FEATURES.items()]
            return forms.MultipleChoiceField(choices=sentences, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget)
        return super().formfield_for_dbfield(db_field, request, **options)


@admin.register(Provider)
class ProviderPage(SealingPage, SluggedPage):
    form = ProviderForm
    list_display = ("name", "slug", "base_url", "adapter", "key", "endpoint_count", "active")
    list_filter = ("active", "adapter", "cancel_policy")
    search_fields = ("name", "slug")
    readonly_fields = ("key",)

    @admin.display(description="API key in use")
    def key(self, provider: Provider) -> str:
        return credentials_admin.in_use(provider) if provider.needs_credential else "needs none"


@admin.register(DataCenter)
class DataCenterPage(SealingPage, SluggedPage):
    form = DataCenterForm
    list_display = (
        "name",
        "slug",
        "market",
        "node",
        "time_zone",
        "pue",
        dollars("adder_microusd_per_mwh"),
        "key",
        "endpoint_count",
        "active",
    )
    list_filter = ("active", "market")
    search_fields = ("name", "slug", "market", "node")
    readonly_fields = ("key",)

    @admin.display(description="API key in use")
    def key(self, data_center: DataCenter) -> str:
        found = credentials_admin.in_use(data_center)
        return "its provider's" if found == "none" else found
