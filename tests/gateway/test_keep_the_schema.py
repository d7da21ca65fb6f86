"""What the OpenAPI schema says is what is answered, whatever is asked. schemathesis makes the calls up, the same ones every time."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from accounts.models import User
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.people import browser

# The gateway is at work in other threads, and whoever uses ``random`` while a case is drawn is taken for the one who draws it.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module:hypothesis.errors.HypothesisDeprecationWarning")

DRF = "/api/v1"
CSRF = "a" * 32
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
    for operation in _described(gateway, DRF):
        _try(gateway, operation)


@FAST_LANE  # which these paths do not take
def test_the_dashboard_s_own_api_is_as_described_too(gateway: Gateway, alice: User) -> None:
    gateway.complete()
    for operation in (*_described(gateway, "/api/activity"), *_described(gateway, "/api/billing"), *_described(gateway, "/api/usage")):
        _try_with_session(operation, browser(alice).cookies[django_settings.SESSION_COOKIE_NAME].value)


def _described(gateway: Gateway, prefix: str) -> list[Any]:
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    schema.config.update(base_url=gateway.url)
    operations = [result.ok() for result in schema.get_all_operations()]
    found = [operation for operation in operations if operation.path.startswith(prefix)]
    assert found
    return found


def _try_with_session(operation: Any, session: str) -> None:
    @MADE_UP
    @given(case=operation.as_strategy())
    def call(case: Any) -> None:
        response = case.call(
            cookies={django_settings.SESSION_COOKIE_NAME: session, django_settings.CSRF_COOKIE_NAME: CSRF},
            headers={"x-csrftoken": CSRF},
            timeout=10,
        )
        assert response.status_code < 500, (operation.label, response.text)
        case.validate_response(response, checks=AS_DESCRIBED)

    call()


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
