"""The official Node client, unmodified, at the version locked in tests/clients/node."""

import json

import pytest

from tests import node

pytestmark = [pytest.mark.site, pytest.mark.node]


@pytest.fixture(scope="module")
def said(openai_node, site):
    return json.loads(node.run(openai_node / "client.mjs", CLOD_API_URL=f"{site.base_url}/v1", CLOD_API_KEY=site.api_key))


def test_it_answers_and_says_what_it_cost(said):
    assert "Paris" in said["answer"]
    assert said["cost"] == 0


def test_it_streams_and_ends_with_the_usage_asked_for(said):
    assert "Paris" in said["streamed"]
    assert said["usage"]["total_tokens"] == said["usage"]["prompt_tokens"] + said["usage"]["completion_tokens"]


def test_refusals_are_the_client_s_own_error_classes(said):
    assert said["refusals"]["no-such-model"] == {"name": "NotFoundError", "status": 404, "code": "model_not_found"}
    assert said["refusals"]["SmolLM2 135M Instruct@cheapest"]["name"] == "BadRequestError"


def test_the_models_are_listed(said):
    assert "smollm2-135m-instruct" in said["models"]
