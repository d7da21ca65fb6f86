"""The answers of the price API, for the OpenAPI schema."""

from rest_framework import serializers

from catalog.price_book.span import STEPS
from clod_site.lib.described import Described
from gateway.serializers import PriceSerializer


class ReferenceSerializer(Described):
    usd_per_mwh = serializers.FloatField(allow_null=True, help_text="s_ref of the day; null before there is a history.")
    day = serializers.DateField(allow_null=True, help_text="In UTC.")
    definition = serializers.CharField()
    docs = serializers.CharField()


class PowerSerializer(Described):
    id = serializers.CharField(help_text="The data center's slug.")
    name = serializers.CharField()
    market = serializers.CharField()
    electricity_usd_per_mwh = serializers.FloatField(allow_null=True, help_text="Delivered and smoothed: what prices and routing follow.")
    delivered_usd_per_mwh = serializers.FloatField(
        allow_null=True, help_text="With losses and adder; null where it is estimated, or the market's price may not be passed on."
    )
    wholesale_usd_per_mwh = serializers.FloatField(allow_null=True, help_text="The market's price; null for the same reasons.")
    interval = serializers.DateTimeField(allow_null=True, help_text="Where it begins.")
    freshness = serializers.ChoiceField(choices=["fresh", "stale", "estimated"], allow_null=True)
    source = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="The feed, such as 'demo feed'; null where it is estimated."
    )


class TakenSerializer(Described):
    provider = serializers.CharField(allow_null=True)
    data_center = serializers.CharField(allow_null=True)
    price_now = PriceSerializer(allow_null=True)
    multiplier = serializers.FloatField(allow_null=True, help_text="Price ÷ list price.")
    fee_basis_points = serializers.IntegerField(allow_null=True, help_text="Comes on top of the price.")
    price_tick = serializers.IntegerField(allow_null=True)
    valid_from = serializers.DateTimeField(allow_null=True)


class QuoteSerializer(TakenSerializer):
    id = serializers.CharField(help_text="The model's slug.")
    name = serializers.CharField()
    label = serializers.CharField(help_text="Free, CLōD-hosted or Third-party.")  # type: ignore[assignment]
    is_available = serializers.BooleanField()
    list_price = PriceSerializer()
    endpoints = TakenSerializer(many=True, required=False, help_text="Of models or data centers that were named.")


class PricesSerializer(Described):
    object = serializers.CharField(help_text="prices")
    as_of = serializers.DateTimeField(allow_null=True, help_text="Where the newest interval begins; null before the first.")
    next_update_at = serializers.DateTimeField(allow_null=True)
    reference = ReferenceSerializer()
    data_centers = PowerSerializer(many=True)
    models = QuoteSerializer(many=True)


def _series(what: str = "One value a step.") -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(allow_null=True), help_text=what)


class PriceSeriesSerializer(Described):
    input_usd_per_mtok = _series()
    output_usd_per_mtok = _series()


class SeriesSerializer(PriceSeriesSerializer):
    multiplier = _series()
    electricity_usd_per_mwh = _series("Delivered and smoothed.")


class RoutedSeriesSerializer(SeriesSerializer):
    data_center = serializers.ListField(child=serializers.CharField(allow_null=True), help_text="Where requests went when a step ended.")


class SiteSeriesSerializer(SeriesSerializer):
    id = serializers.CharField()
    name = serializers.CharField()


class PriceHistorySerializer(Described):
    object = serializers.CharField(help_text="price_history")
    model = serializers.CharField(help_text="Its slug.")
    name = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="Not in it.")
    step = serializers.ChoiceField(choices=list(STEPS))
    step_s = serializers.IntegerField()
    list_price = PriceSeriesSerializer(help_text="When the step ended.")
    reference_usd_per_mwh = _series("s_ref.")
    routed = RoutedSeriesSerializer(help_text="Along the way requests went.")
    data_centers = SiteSeriesSerializer(many=True)
