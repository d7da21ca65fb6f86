"""Serializers that only describe, for the OpenAPI schema; and the error every API here answers with."""

from typing import Any

from rest_framework import serializers

USD = "Dollars, as exact text."


class Described(serializers.Serializer[Any]):
    pass


class ErrorBodySerializer(Described):
    message = serializers.CharField()
    type = serializers.CharField()
    param = serializers.CharField(allow_null=True)
    code = serializers.CharField()


class ErrorSerializer(Described):
    error = ErrorBodySerializer()
