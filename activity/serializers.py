"""A request of the log, for the OpenAPI schema."""

from typing import Any

from rest_framework import serializers

from catalog.operations import OPERATIONS
from clod_site.lib.described import USD, Described


class RequestProjectSerializer(Described):
    id = serializers.CharField()
    name = serializers.CharField()


class RequestKeySerializer(Described):
    prefix = serializers.CharField()
    name = serializers.CharField()


class RequestSerializer(Described):
    id = serializers.CharField(help_text="As in x-request-id.")
    object = serializers.CharField(help_text="request")
    created_at = serializers.DateTimeField()
    project = RequestProjectSerializer()
    api_key = RequestKeySerializer(allow_null=True)
    source = serializers.ChoiceField(choices=["api", "studio"])  # type: ignore[assignment]
    model = serializers.CharField()
    operation = serializers.ChoiceField(choices=OPERATIONS, allow_null=True, help_text="null: its process died before it could tell.")
    requested_model = serializers.CharField()
    provider = serializers.CharField()
    data_center = serializers.CharField(allow_null=True)
    price_tick = serializers.IntegerField(allow_null=True)
    status = serializers.CharField()
    error_code = serializers.CharField(allow_null=True)
    finish_reason = serializers.CharField(allow_null=True)
    stream = serializers.BooleanField()
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()
    cached_tokens = serializers.IntegerField()
    reasoning_tokens = serializers.IntegerField()
    cost = serializers.FloatField()
    cost_usd = serializers.CharField(help_text=USD)
    list_cost_usd = serializers.CharField()
    fee_usd = serializers.CharField()
    energy_wh = serializers.FloatField(allow_null=True, help_text="Modelled, of a CLōD-hosted model.")
    electricity_usd = serializers.CharField(allow_null=True, help_text="What that energy cost where the call ran.")
    electricity_average_usd = serializers.CharField(
        allow_null=True, help_text="What it would have cost at the average of the data centers the model was at."
    )
    paid_by = serializers.CharField()
    is_estimated = serializers.BooleanField()
    is_usage_suspect = serializers.BooleanField()
    ttft_ms = serializers.IntegerField(allow_null=True)
    latency_ms = serializers.IntegerField()
    attempts = serializers.IntegerField()


class RequestListSerializer(Described):
    object = serializers.CharField(help_text="list")
    data = RequestSerializer(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_blank=True)


class AttemptSerializer(Described):
    number = serializers.IntegerField()
    provider = serializers.CharField()
    data_center = serializers.CharField(allow_null=True)
    started_at = serializers.DateTimeField()
    first_byte_ms = serializers.IntegerField(allow_null=True)
    latency_ms = serializers.IntegerField()
    outcome = serializers.CharField()


class RequestDetailSerializer(RequestSerializer):
    attempt_list = AttemptSerializer(many=True)
    routing = serializers.DictField(help_text="Candidates, scores, why each lost, and who was left out.")


class UsageFiguresSerializer(Described):
    requests = serializers.IntegerField()
    errors = serializers.IntegerField(help_text="Of these, how many failed.")  # type: ignore[assignment]
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()
    cost = serializers.FloatField(help_text="Charged, in dollars.")
    cost_usd = serializers.CharField(help_text=USD)
    cost_nanousd = serializers.IntegerField()


class UsageKeySerializer(RequestKeySerializer):
    id = serializers.CharField()


class UsageRowSerializer(UsageFiguresSerializer):
    start = serializers.DateTimeField(help_text="Of the day or hour, in UTC.")
    model = serializers.CharField(required=False)
    project = RequestProjectSerializer(required=False)
    api_key = UsageKeySerializer(required=False, allow_null=True, help_text="null: Studio.")
    data_center = serializers.CharField(required=False, help_text="Of third-party models the provider.")
    status = serializers.CharField(required=False)


class UsageReportSerializer(Described):
    object = serializers.CharField(help_text="usage")
    to = serializers.DateTimeField()
    by = serializers.ChoiceField(choices=["day", "hour"])
    group = serializers.ChoiceField(choices=["model", "project", "key", "data_center", "status"], allow_null=True)
    data = UsageRowSerializer(many=True)  # type: ignore[assignment]
    total = UsageFiguresSerializer()

    def get_fields(self) -> dict[str, Any]:
        """``from`` is no name in Python."""
        return super().get_fields() | {"from": serializers.DateTimeField()}


class LoggedRequestListSerializer(Described):
    object = serializers.CharField(help_text="list")
    data = RequestSerializer(many=True)  # type: ignore[assignment]
    next_cursor = serializers.CharField(allow_null=True)
