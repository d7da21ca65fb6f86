"""The request and the answer of a chat completion, for the OpenAPI schema.

Validation is ``gateway.wire``'s, for both doors; these describe it.
"""

from typing import Any

from rest_framework import serializers


class MessageSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=["system", "developer", "user", "assistant", "tool"])
    content = serializers.CharField(help_text="Text, or a list of text, image, audio and file parts.")


class ChatCompletionRequestSerializer(serializers.Serializer[Any]):
    model = serializers.CharField(
        help_text="A name, slug or vendor id, with strategy tags if you like: 'GPT 4o', 'GPT 4o@price@latency', or '@latency' alone."
    )
    messages = MessageSerializer(many=True)
    temperature = serializers.FloatField(required=False, min_value=0, max_value=2)
    max_completion_tokens = serializers.IntegerField(required=False, min_value=1)
    stream = serializers.BooleanField(required=False, default=False)


class UsageSerializer(serializers.Serializer[Any]):
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()
    cost = serializers.FloatField(help_text="What you were charged, in dollars.")
    cost_details = serializers.DictField(help_text="Who paid, the standard and list costs, the routing fee, the price tick.")


class AnswerSerializer(serializers.Serializer[Any]):
    role = serializers.CharField()
    content = serializers.CharField(allow_null=True)


class ChoiceSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    message = AnswerSerializer()
    finish_reason = serializers.CharField()


class ChatCompletionSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    object = serializers.CharField()
    created = serializers.IntegerField()
    model = serializers.CharField(help_text="The model that answered.")
    choices = ChoiceSerializer(many=True)
    usage = UsageSerializer()


class ErrorBodySerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True)
    code = serializers.CharField()


class ErrorSerializer(serializers.Serializer[Any]):
    error = ErrorBodySerializer()
