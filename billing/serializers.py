"""Top-ups, for the OpenAPI schema."""

from rest_framework import serializers

from billing.payment_models import TopUpState
from clod_site.lib.described import USD, Described


class TopUpAskSerializer(Described):
    amount_usd = serializers.CharField(help_text=USD)


class TopUpSerializer(Described):
    object = serializers.CharField(help_text="top_up")
    id = serializers.CharField()
    state = serializers.ChoiceField(choices=TopUpState.choices)
    amount_usd = serializers.CharField(help_text=USD)
    currency = serializers.CharField()
    refunded_usd = serializers.CharField(help_text=USD)
    test_money = serializers.BooleanField()
    automatic = serializers.BooleanField()
    checkout_url = serializers.CharField(allow_blank=True, help_text="Where to pay; empty when there is nothing to pay.")
    created_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)


class TopUpListSerializer(Described):
    object = serializers.CharField(help_text="list")
    data = TopUpSerializer(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
