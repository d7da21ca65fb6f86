"""The official Node client and what the little real model cannot do, or should not: one program run once, looked at from all sides."""

import json

import pytest

from tests import node
from tests.clients.fakes import HASTY, NARROW, NODE, POOR
from tests.site import eventually

pytestmark = [pytest.mark.site, pytest.mark.node]


@pytest.fixture(scope="module")
def said(openai_node, fakes):
    keys = {"CLOD_API_KEY": NODE, "CLOD_POOR_KEY": POOR, "CLOD_NARROW_KEY": NARROW, "CLOD_HASTY_KEY": HASTY}
    variables = {name: fakes.keys[key] for name, key in keys.items()}
    return json.loads(node.run(openai_node / "fakes.mjs", CLOD_API_URL=fakes.api_url, **variables))


def test_its_tool_runner_goes_there_and_back(said):
    assert said["tools"]["asked"] == [{"city": "text", "days": 1}]
    assert said["tools"]["roles"] == ["user", "assistant", "tool", "assistant"]
    assert said["tools"]["answer"]


def test_a_tool_call_arrives_in_pieces_and_the_client_joins_them(said):
    pieces = said["streamedTool"]["pieces"]
    assert len([piece for piece in pieces if piece]) > 1
    assert json.loads("".join(pieces)) == said["streamedTool"]["call"] == {"city": "text", "days": 1}


def test_an_answer_to_a_zod_schema_is_parsed(said):
    assert said["parsed"] == {"city": "text", "days": 1}


def test_the_answer_and_its_headers_say_the_same(said):
    assert said["headers"]["same"] is True
    assert said["headers"]["paidBy"] == "wallet"
    assert said["headers"]["cost"] > 0


def test_several_answers_and_fallbacks_are_told_apart(said):
    assert said["choices"] == [0, 1]
    assert said["fallback"] == "fake/echo"


def test_whoever_aborts_a_stream_pays_for_what_was_written_so_far(said, fakes):
    request = said["aborted"]["request_id"]
    assert eventually(lambda: fakes.row(NODE, request) is not None)
    row = fakes.row(NODE, request)
    assert row["status"] == "client_closed"
    assert said["aborted"]["chunks"] <= row["completion_tokens"] < 500


def test_whoever_aborts_or_times_out_before_the_first_word_pays_nothing(said, fakes):
    assert said["abortedBeforeTheFirstWord"]["name"] == "APIUserAbortError"
    assert said["timedOut"]["name"] == "APIConnectionTimeoutError"
    assert eventually(lambda: len(fakes.rows(NODE, "fake/hang")) >= 2)
    assert {(row["status"], row["cost_usd"]) for row in fakes.rows(NODE, "fake/hang")} == {("client_closed", "0")}


def test_a_stream_that_breaks_off_is_an_error_after_what_it_said(said):
    assert said["brokenOff"]["said"] == "Same request, same "
    assert said["brokenOff"]["failure"]["code"] == "upstream_error"


def test_a_rate_limit_is_waited_for_as_long_as_it_says(said):
    assert said["hurried"]["refusal"] == {"name": "RateLimitError", "status": 429, "code": "rate_limit_exceeded"}
    assert said["hurried"]["again"]


def test_a_call_sent_again_gets_the_same_answer_and_is_charged_once(said, fakes):
    first, second = said["sentTwice"]["ids"]
    assert first == second
    assert said["sentTwice"]["reused"] == {"name": "UnprocessableEntityError", "status": 422, "code": "idempotency_key_reused"}
    assert len(fakes.rows(NODE, "fake/usage-every-chunk")) == 1


def test_a_call_sent_while_the_first_one_runs_is_retried_until_it_has_the_same_answer(said, fakes):
    assert said["sentAtOnce"]["refusals"] == [{"name": "ConflictError", "status": 409, "code": "idempotency_key_in_use"}]
    first, second = said["sentAtOnce"]["ids"]
    assert first == second
    assert len(fakes.rows(NODE, "fake/slow")) == 2


def test_refusals_are_the_client_s_own_error_classes(said):
    assert {status: (refusal["name"], refusal["status"], refusal["code"]) for status, refusal in said["refusals"].items()} == {
        "400": ("BadRequestError", 400, "upstream_refused"),
        "401": ("AuthenticationError", 401, "invalid_api_key"),
        "402": ("APIError", 402, "insufficient_funds"),
        "403": ("PermissionDeniedError", 403, "model_not_allowed"),
        "404": ("NotFoundError", 404, "model_not_found"),
        "502": ("InternalServerError", 502, "upstream_error"),
        "503": ("InternalServerError", 503, "model_not_available"),
    }
