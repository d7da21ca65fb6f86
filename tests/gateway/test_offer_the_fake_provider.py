"""The fake provider's models in the catalog, called through the gateway: what a client sees and pays."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import override_settings

from billing.models import Attempt
from catalog import health
from catalog.models import Endpoint, Model
from gateway import snapshots
from tests.gateway.conftest import FAKE_FILES, FAST_LANE, Gateway

pytestmark = FAST_LANE


def test_it_answers_like_any_model(fakes: Gateway) -> None:
    response = fakes.complete("fake/echo")
    row = fakes.row(response)
    assert response.json()["choices"][0]["message"]["content"] == "What is the capital of France?"
    assert (row.provider, row.prompt_tokens, row.completion_tokens) == ("fake", 6, 6)
    assert row.cost_nanousd == (6 * 1000 + 6 * 4000) * 105 // 100


@pytest.mark.parametrize(
    ("model", "status", "row_status"),
    [
        ("fake/error-400", 400, "rejected"),
        ("fake/error-401", 502, "upstream_error"),
        ("fake/error-429", 503, "upstream_error"),
        ("fake/error-500", 502, "upstream_error"),
        ("fake/error-529", 503, "upstream_error"),
        ("fake/hang-up", 502, "upstream_error"),
        ("fake/refuse-connection", 502, "upstream_error"),
        ("fake/hang", 504, "upstream_error"),
    ],
)
def test_failures_before_the_first_byte_cost_nothing(fakes: Gateway, model: str, status: int, row_status: str) -> None:
    response = fakes.complete(model, stream=True)
    assert response.status_code == status
    assert (fakes.row(response).status, fakes.row(response).cost_nanousd) == (row_status, 0)


@pytest.mark.parametrize("model", ["fake/cut-mid-stream", "fake/error-mid-stream", "fake/stall-mid-stream"])
def test_streams_that_break_are_paid_for_as_far_as_they_came(fakes: Gateway, model: str) -> None:
    events = fakes.stream(model)
    row = fakes.settled()
    assert "[DONE]" not in events
    assert "error" in json.loads(events[-1])
    assert (row.status, row.completion_tokens, row.is_estimated) == ("truncated", 3, True)


def test_an_upstream_that_dislikes_stream_options_is_asked_again_without_and_remembered(fakes: Gateway) -> None:
    assert fakes.stream("fake/rejects-stream-options", stream_options={"include_usage": True})[-1] == "[DONE]"
    first = fakes.settled()
    assert (first.status, first.attempts, first.is_estimated) == ("ok", 2, True)
    outcomes = list(Attempt.objects.filter(request_id=first.id).order_by("number").values_list("outcome", flat=True))
    assert outcomes == ["stream_options refused", "ok"]
    assert fakes.stream("fake/rejects-stream-options")[-1] == "[DONE]"
    assert fakes.settled(2).attempts == 1
    assert not health.unavailable()


@pytest.mark.parametrize("model", ["fake/usage-every-chunk", "fake/no-done", "fake/reasoning", "fake/tool-call", "fake/json"])
def test_streams_that_end_well(fakes: Gateway, model: str) -> None:
    assert fakes.stream(model)[-1] == "[DONE]"
    row = fakes.settled()
    assert (row.status, row.is_estimated, row.prompt_tokens) == ("ok", False, 6)


def test_usage_nobody_believes_is_clamped(fakes: Gateway) -> None:
    assert fakes.row(fakes.complete("fake/absurd-usage")).is_usage_suspect
    assert fakes.row(fakes.complete("fake/zero-usage")).cost_nanousd == 0
    assert fakes.row(fakes.complete("fake/no-usage")).is_estimated


def test_switched_off_its_models_are_gone(fakes: Gateway) -> None:
    with override_settings(CLOD_FAKE_PROVIDER=False):
        call_command("load_catalog", stdout=StringIO())
    assert not Model.objects.filter(slug__startswith="fake-", active=True).exists()
    snapshots.forget()
    assert fakes.complete("fake/echo").status_code == 404
    call_command("load_catalog", *FAKE_FILES, stdout=StringIO())
    assert Endpoint.objects.get(model__slug="fake-echo", model__active=True).provider.active
