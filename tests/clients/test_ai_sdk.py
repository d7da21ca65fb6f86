"""The Vercel AI SDK through its provider for OpenAI-like APIs, unmodified: one program run once, looked at from all sides."""

import json

import pytest

from tests import node
from tests.clients.fakes import AI_SDK, NARROW, POOR
from tests.site import eventually

pytestmark = [pytest.mark.site, pytest.mark.node]

WEATHER = {"city": "text", "days": 1}


@pytest.fixture(scope="module")
def said(ai_sdk, fakes):
    keys = {"CLOD_API_KEY": AI_SDK, "CLOD_POOR_KEY": POOR, "CLOD_NARROW_KEY": NARROW}
    variables = {name: fakes.keys[key] for name, key in keys.items()}
    return json.loads(node.run(ai_sdk / "client.mjs", CLOD_API_URL=fakes.api_url, **variables))


def test_it_answers_and_says_what_it_cost(said):
    answered = said["answered"]
    assert (answered["text"], answered["finishReason"], answered["tokens"]) == ("one two three", "stop", 6)
    assert answered["cost"] == float(answered["costHeader"]) > 0


def test_it_streams_word_by_word_and_knows_the_usage(said):
    assert said["streamed"] == {"pieces": ["one ", "two ", "three"], "tokens": 6, "finishReason": "stop"}


def test_it_runs_tools_and_goes_on_with_their_results(said):
    assert said["tools"]["reasons"] == ["tool-calls", "stop"]
    assert said["tools"]["results"] == ["sunny in text"]
    assert said["tools"]["text"]


def test_it_runs_tools_called_in_a_stream(said):
    parts = said["streamedTools"]["parts"]
    assert parts.count("tool-input-delta") > 1
    assert parts.index("tool-call") < parts.index("tool-result") < parts.index("text-delta")
    assert said["streamedTools"]["text"]


def test_answers_to_a_schema_are_objects(said):
    assert said["object"] == said["streamedObject"] == WEATHER


def test_thoughts_come_beside_the_answer(said):
    assert said["thought"]["reasoningText"] == "Let me think. "
    assert "think" not in said["thought"]["text"]


def test_our_own_fields_go_through_its_provider_options(said):
    assert said["fallback"] == "fake/echo"


def test_whoever_aborts_a_stream_pays_for_what_was_written_so_far(said, fakes):
    assert said["aborted"][-2:] == ["text-delta", "abort"]
    assert eventually(lambda: fakes.rows(AI_SDK, "fake/long"))
    row = fakes.rows(AI_SDK, "fake/long")[0]
    assert row["status"] == "client_closed"
    assert 1 <= row["completion_tokens"] < 500


def test_a_stream_that_breaks_off_is_an_error_after_what_it_said(said):
    assert said["brokenOff"] == {"said": "Same request, same ", "failure": "The model's server broke off in the middle of its answer."}


def test_its_time_out_is_no_error_of_ours_and_costs_nothing(said, fakes):
    assert said["timedOut"]["name"] == "TimeoutError"
    assert eventually(lambda: fakes.rows(AI_SDK, "fake/hang"))
    assert fakes.rows(AI_SDK, "fake/hang")[0]["cost_usd"] == "0"


def test_refusals_carry_our_codes_and_only_failures_of_a_moment_may_be_retried(said):
    assert {status: (refusal["status"], refusal["code"], refusal["retry"]) for status, refusal in said["refusals"].items()} == {
        "400": (400, "upstream_refused", False),
        "401": (401, "invalid_api_key", False),
        "402": (402, "insufficient_funds", False),
        "403": (403, "model_not_allowed", False),
        "404": (404, "model_not_found", False),
        "502": (502, "upstream_error", True),
        "503": (503, "model_not_available", True),
    }
