"""The local model's process: an OpenAI-compatible address that comes back after a crash and ends with its owner."""

import http.client
import json
import logging
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from clod_site.embedded import probe
from clod_site.embedded.model import ModelProcess
from clod_site.embedded.model_server import ALIAS, CONTEXT_TOKENS_PER_SLOT

pytestmark = pytest.mark.site

LOADS_WITHIN_S = 30


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ModelProcess]:
    process = ModelProcess(tmp_path / "logs" / "model.log")
    process.start()
    yield process
    process.stop()


def post(url: str, **body: Any) -> str:
    content = {"model": ALIAS, "messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 8} | body
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.read().decode())


def test_it_streams_with_usage(model: ModelProcess) -> None:
    stream = post(f"{model.address(LOADS_WITHIN_S)}/v1/chat/completions", stream=True, stream_options={"include_usage": True})
    events = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: ")]
    assert events[-1] == "[DONE]"
    usage = json.loads(events[-2])["usage"]
    assert 0 < usage["completion_tokens"] <= 8
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_every_slot_has_the_context_the_catalog_promises(model: ModelProcess) -> None:
    with urllib.request.urlopen(f"{model.address(LOADS_WITHIN_S)}/v1/models", timeout=10) as answer:
        served = json.loads(answer.read())["data"][0]
    assert served["id"] == ALIAS
    assert served["meta"]["n_ctx_train"] >= CONTEXT_TOKENS_PER_SLOT


def test_a_crash_is_said_and_the_model_comes_back_at_the_same_address(model: ModelProcess, caplog: pytest.LogCaptureFixture) -> None:
    address = model.address(LOADS_WITHIN_S)
    first = model._process
    assert first is not None
    with caplog.at_level(logging.WARNING, "clod.model"):
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert probe.answers(f"{address}/health", LOADS_WITHIN_S)
    assert "The local model ended (status -9); starting it again" in caplog.text
    assert json.loads(post(f"{address}/v1/chat/completions"))["usage"]["completion_tokens"] > 0


def test_nobody_waits_for_connections_that_others_keep(model: ModelProcess) -> None:
    """llama.cpp's server keeps a connection, and a thread with it, for five seconds."""
    host = urlsplit(model.address(LOADS_WITHIN_S)).netloc
    connections = [http.client.HTTPConnection(host, timeout=LOADS_WITHIN_S) for _ in range(16)]
    body = json.dumps({"model": ALIAS, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1})

    def took_s(connection: http.client.HTTPConnection) -> float:
        began = time.monotonic()
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        assert json.loads(connection.getresponse().read())["choices"]
        return time.monotonic() - began

    with ThreadPoolExecutor(len(connections)) as callers:
        longest_s = max(callers.map(took_s, connections[:9])), max(callers.map(took_s, connections))
    for connection in connections:
        connection.close()
    assert max(longest_s) < 4


def test_it_ends_when_asked(model: ModelProcess) -> None:
    address = model.address(LOADS_WITHIN_S)
    model.stop()
    assert not probe.answers(f"{address}/health", 0.3)
