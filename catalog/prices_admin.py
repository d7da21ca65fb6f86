"""Operators' view of prices and of the jobs that make them."""

from datetime import timedelta

from django.contrib import admin

from catalog.models import CatalogVersion, DeliveredPrice, EnergyHour, EnergyPrice, PriceJob, PriceTick
from clod_site.admin_pages import Record, dollars
from clod_site.lib import clock


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
