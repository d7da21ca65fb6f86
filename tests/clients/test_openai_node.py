"""The official Node client, unmodified, at the version locked in tests/clients/node."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.site, pytest.mark.node]

PROGRAM = Path(__file__).parent / "node"
INSTALL_S, RUN_S = 120, 120


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program with its locked client, installed outside the repository."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no Node on the path; on Debian: apt-get install nodejs npm")
    folder = tmp_path_factory.mktemp("node") / "client"
    shutil.copytree(PROGRAM, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--ignore-scripts", "--loglevel=error"], cwd=folder, check=True, timeout=INSTALL_S)
    return folder / "client.mjs"


@pytest.fixture(scope="module")
def said(program, site):
    variables = {"CLOD_API_URL": f"{site.base_url}/v1", "CLOD_API_KEY": site.api_key}
    ran = subprocess.run(["node", program], env=os.environ | variables, capture_output=True, text=True, timeout=RUN_S)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


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
