"""What the OpenAPI schema says is what is answered, whatever is asked. schemathesis makes the calls up, the same ones every time."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from tests.gateway.conftest import Gateway

DRF = "/api/v1"
AS_DESCRIBED = [status_code_conformance, content_type_conformance, response_schema_conformance]
ANSWERABLE = {"model": "paris", "messages": [{"role": "user", "content": "hi"}], "stream": False}  # or all would end there
MADE_UP = settings(
    max_examples=20, derandomize=True, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Two hundred refusals are no news."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_every_answer_is_as_described_and_none_is_a_defect(gateway: Gateway) -> None:
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    schema.config.update(base_url=gateway.url)
    operations = [result.ok() for result in schema.get_all_operations()]
    described = [operation for operation in operations if operation.path.startswith(DRF)]
    assert described
    for operation in described:
        _try(gateway, operation)


def _try(gateway: Gateway, operation: Any) -> None:
    @MADE_UP
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        case.path = case.path.replace(DRF, gateway.path.removesuffix("/chat/completions"), 1)
        if isinstance(case.body, dict):
            case.body |= ANSWERABLE
        response = case.call(headers={"authorization": f"Bearer {gateway.key}"}, timeout=10)
        assert response.status_code < 500, (operation.label, response.text)
        case.validate_response(response, checks=AS_DESCRIBED)
        if response.status_code >= 400:
            assert {"message", "type", "param", "code"} <= set(response.json()["error"])

    call()
