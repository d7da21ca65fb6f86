"""Operators' pages for the catalog. Whatever is saved here reaches the gateway within a second: it counts the version up."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Count, Field, Q, QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget, UnfoldAdminURLInputWidget

from catalog import credentials, versions
from catalog.features import FEATURES
from catalog.models import (
    MODALITIES,
    OUTPUTS,
    CatalogVersion,
    DataCenter,
    DeliveredPrice,
    Endpoint,
    EnergyHour,
    EnergyPrice,
    Model,
    PriceJob,
    PriceTick,
    Provider,
)
from catalog.operations import OPERATIONS
from clod_site.admin_pages import Inline, Page, Record, dollars
from clod_site.lib import clock

if TYPE_CHECKING:
    _ProviderForm = forms.ModelForm[Provider]
else:
    _ProviderForm = forms.ModelForm

WORDS = {"input_modalities": MODALITIES, "output_modalities": OUTPUTS, "operations": OPERATIONS}
_ACTIVE_ENDPOINTS = Count("endpoints", filter=Q(endpoints__active=True))


class CatalogPage(Page):
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        versions.bump()

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        versions.bump()

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        super().delete_queryset(request, queryset)
        versions.bump()


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
class ModelPage(SluggedPage):
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


class ProviderForm(_ProviderForm):
    """The API key goes in and never comes out."""

    website_url = forms.URLField(required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget)
    credential = forms.CharField(
        label="API key",
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="Kept encrypted and never shown again. Empty keeps the one that is there.",
    )
    forget_credential = forms.BooleanField(label="Forget the saved API key", required=False)

    class Meta:
        model = Provider
        fields = (
            "name",
            "slug",
            "active",
            "website_url",
            "base_url",
            "adapter",
            "cancel_policy",
            "needs_credential",
            "credential_env",
            "credential",
            "forget_credential",
        )


@admin.register(Provider)
class ProviderPage(SluggedPage):
    form = ProviderForm
    list_display = ("name", "slug", "base_url", "adapter", "key", "endpoint_count", "active")
    list_filter = ("active", "adapter", "cancel_policy")
    search_fields = ("name", "slug")
    readonly_fields = ("key",)

    @admin.display(description="API key in use")
    def key(self, provider: Provider) -> str:
        if not provider.needs_credential:
            return "needs none"
        in_use = credentials.of(provider)
        if not in_use:
            return "cannot be read" if provider.credential_sealed else "none"
        return f"from {provider.credential_env}" if credentials.is_from_environment(provider) else "saved here"

    def save_model(self, request: HttpRequest, obj: Provider, form: Any, change: bool) -> None:
        if form.cleaned_data["forget_credential"] or form.cleaned_data["credential"]:
            obj.set_credential(form.cleaned_data["credential"])
        super().save_model(request, obj, form, change)


@admin.register(DataCenter)
class DataCenterPage(SluggedPage):
    list_display = (
        "name",
        "slug",
        "market",
        "node",
        "time_zone",
        "pue",
        dollars("adder_microusd_per_mwh"),
        "endpoint_count",
        "active",
    )
    list_filter = ("active", "market")
    search_fields = ("name", "slug", "market", "node")


@admin.register(Endpoint)
class EndpointPage(CatalogPage):
    list_display = ("model", "provider", "data_center", "upstream_model", "address", "is_routable", "max_concurrency", "active")
    list_filter = ("active", "provider", "data_center", "model__category")
    list_select_related = ("model", "provider", "data_center")
    search_fields = ("model__name", "model__slug", "provider__name", "data_center__name", "upstream_model")
    autocomplete_fields = ("model", "provider", "data_center")
    readonly_fields = ("address", "is_routable", "created_at", "updated_at")
    ordering = ("model__name", "id")
    actions = ("switch_on", "switch_off")

    @admin.display(description="address now")
    def address(self, endpoint: Endpoint) -> str:
        return (credentials.address_of(endpoint) if endpoint.pk else "") or "none"

    @admin.display(description="can be called", boolean=True)
    def is_routable(self, endpoint: Endpoint) -> bool:
        return bool(endpoint.pk) and credentials.is_routable(endpoint)

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._switch(request, endpoints, active=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, endpoints: QuerySet[Endpoint]) -> None:
        self._switch(request, endpoints, active=False)

    @transaction.atomic
    def _switch(self, request: HttpRequest, endpoints: QuerySet[Endpoint], *, active: bool) -> None:
        count = endpoints.exclude(active=active).update(active=active)
        versions.bump()
        self.message_user(request, f"{count} switched {'on' if active else 'off'}.")


@admin.register(EnergyPrice)
class EnergyPricePage(Record):
    list_display = ("interval_start", "market", "node", dollars("microusd_per_mwh", "price per MWh"), "flag", "source", "fetched_at")
    list_filter = ("market", "source", "flag")
    search_fields = ("market", "node")
    date_hierarchy = "interval_start"
    ordering = ("-interval_start", "market", "node")


@admin.register(EnergyHour)
class EnergyHourPage(Record):
    list_display = (
        "hour_start",
        "market",
        "node",
        dollars("mean_microusd_per_mwh"),
        dollars("lowest_microusd_per_mwh"),
        dollars("highest_microusd_per_mwh"),
        "intervals",
        "source",
    )
    list_filter = ("market", "source")
    search_fields = ("market", "node")
    date_hierarchy = "hour_start"
    ordering = ("-hour_start", "market", "node")


@admin.register(PriceJob)
class PriceJobPage(Record):
    list_display = ("label", "outcome", "age", "last_run_at", "duration", "stored", "failures_in_a_row", "message")
    list_filter = ("outcome",)
    search_fields = ("name", "label", "message")
    ordering = ("-failures_in_a_row", "name")

    @admin.display(description="age of the newest price", ordering="newest_interval_end")
    def age(self, job: PriceJob) -> str:
        return f"{(clock.now() - job.newest_interval_end) // timedelta(minutes=1):,} min" if job.newest_interval_end else "–"

    @admin.display(description="took", ordering="duration_ms")
    def duration(self, job: PriceJob) -> str:
        return f"{job.duration_ms / 1000:.1f} s"


@admin.register(DeliveredPrice)
class DeliveredPricePage(Record):
    list_display = (
        "interval_start",
        "data_center",
        dollars("wholesale_microusd_per_mwh"),
        dollars("delivered_microusd_per_mwh"),
        dollars("smoothed_microusd_per_mwh"),
        dollars("reference_microusd_per_mwh"),
        "source",
        "freshness",
    )
    list_filter = ("data_center", "source", "freshness")
    list_select_related = ("data_center",)
    date_hierarchy = "interval_start"
    ordering = ("-interval_start", "data_center")


@admin.register(PriceTick)
class PriceTickPage(Record):
    list_display = (
        "id",
        "valid_from",
        "endpoint",
        dollars("input_nanousd_per_mtok"),
        dollars("output_nanousd_per_mtok"),
        "times_list_price",
        "fee_basis_points",
    )
    list_filter = ("endpoint__data_center", "endpoint__provider")
    list_select_related = ("endpoint__model", "endpoint__provider", "endpoint__data_center")
    search_fields = ("=id", "endpoint__model__slug", "endpoint__model__name")
    date_hierarchy = "valid_from"
    ordering = ("-id",)

    @admin.display(description="× list price", ordering="multiplier_ppm")
    def times_list_price(self, tick: PriceTick) -> str:
        return f"{tick.multiplier_ppm / 1_000_000:.3f}"


@admin.register(CatalogVersion)
class CatalogVersionPage(Record):
    list_display = ("number",)
