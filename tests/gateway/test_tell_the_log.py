"""One line for each call, at both doors: what it was, whose, how long, how much. Nothing of what was said."""

import json
import time
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import httpx2
import pytest
from django.test import override_settings

from clod_site.lib import ids
from gateway import readiness, telling
from projects.models import Project
from tests.gateway.conftest import Gateway

CANARY = "canary0123456789abcdef"
Lines = Callable[[int], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """The lines of JSON that were written, once there are so many: a line comes after its answer."""
    written = ""

    def wait_for(count: int) -> list[dict[str, Any]]:
        nonlocal written
        deadline = time.monotonic() + 10
        while written.count("\n") < count and time.monotonic() < deadline:
            written += capsys.readouterr().err
            time.sleep(0.01)
        assert CANARY not in written
        return [json.loads(line) for line in written.splitlines()]

    with override_settings(CLOD_ACCESS_LOG=True):
        yield wait_for


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "stream"])
def test_a_call_is_told_once_with_what_it_was_and_cost(gateway: Gateway, lines: Lines, project: Project, is_stream: bool) -> None:
    gateway.offer("echo", "echo")
    message = {"role": "user", "content": f"What is {CANARY}?"}
    if is_stream:
        gateway.stream("echo", messages=[message], user=CANARY)
    else:
        gateway.complete("echo", messages=[message], user=CANARY)
    (said,) = lines(1)
    row = gateway.settled()
    assert (said["event"], said["operation"], said["model"], said["endpoint"]) == ("call", "chat", "echo", "dfw")
    assert said["request_id"] == ids.public("req", row.id)
    assert (said["status"], said["stream"], said["attempts"], said["code"]) == ("ok", is_stream, 1, "")
    assert (said["latency_ms"], said["ttft_ms"]) == (row.latency_ms, row.ttft_ms)
    assert (said["tokens_in"], said["tokens_out"]) == (row.prompt_tokens, row.completion_tokens)
    assert (said["cost_nanousd"], said["paid_by"]) == (row.cost_nanousd, row.paid_by)
    assert said["cost_nanousd"] > 0
    assert 0 < said["overhead_us"] < 10_000_000
    assert said["organization"] == ids.public("org", project.organization_id)
    assert said["project"] == ids.public("proj", project.pk)
    assert said["key"] == ids.public("key", row.api_key_id)


def test_a_call_that_failed_says_why_and_what_each_attempt_came_to(gateway: Gateway, lines: Lines, production_log: StringIO) -> None:
    gateway.offer("broken", "error-500")
    before = telling.attempts_total.value("data_center", "failed")
    assert gateway.complete("broken", messages=[{"role": "user", "content": CANARY}]).status_code == 502
    (said,) = lines(1)
    assert (said["status"], said["code"], said["cost_nanousd"]) == ("upstream_error", "upstream_error", 0)
    assert telling.attempts_total.value("data_center", "failed") == before + said["attempts"]
    assert CANARY not in production_log.getvalue()
    warned = [json.loads(line) for line in production_log.getvalue().splitlines() if "failed before its first byte" in line]
    assert {line["request_id"] for line in warned} == {said["request_id"]}


def test_a_refusal_is_told_with_its_code_and_counted(gateway: Gateway, lines: Lines) -> None:
    before = telling.refused_total.value("model_not_found")
    gateway.complete(f"{CANARY}-model")
    (said,) = lines(1)
    assert (said["event"], said["status"], said["code"]) == ("answer", 404, "model_not_found")
    assert said["where"].endswith("/chat/completions")
    assert said["project"].startswith("proj_")
    assert telling.refused_total.value("model_not_found") == before + 1


def test_smaller_answers_are_told_by_their_route(gateway: Gateway, lines: Lines) -> None:
    answer = gateway.client.get(gateway.path.replace("chat/completions", f"models/{CANARY}"), params={"token": CANARY})
    (said,) = lines(1)
    assert said["request_id"] == answer.headers["x-request-id"]
    assert said["where"].endswith(("/v1/models/{name}", "/v1/models/<path:name>"))
    assert said["status"] == 404


def test_a_bad_key_is_not_told(gateway: Gateway, lines: Lines) -> None:
    gateway.client.get(gateway.path.replace("chat/completions", "models"), headers={"Authorization": f"Bearer clod_sk_{CANARY}"})
    (said,) = lines(1)
    assert (said["status"], said["code"]) == (401, "invalid_api_key")
    assert "project" not in said


def test_probes_are_told_only_when_something_is_wrong(site: str, lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    assert httpx2.get(f"{site}/healthz").status_code == 200
    assert httpx2.get(f"{site}/readyz").status_code == 200
    monkeypatch.setattr(readiness, "problem", lambda: "The disk has come loose.")
    assert httpx2.get(f"{site}/readyz").status_code == 503
    (said,) = lines(1)
    assert (said["where"], said["status"], said["code"]) == ("/readyz", 503, "unavailable")


@pytest.mark.usefixtures("ledger_db")
def test_a_page_of_a_real_server_has_the_id_of_its_line(site: str, lines: Lines) -> None:
    answer = httpx2.get(f"{site}/docs/quickstart?token={CANARY}")
    (said,) = lines(1)
    assert (said["event"], said["route"], said["status"]) == ("page", "/docs/<slug:slug>", 200)
    assert said["request_id"] == answer.headers["x-request-id"]


def test_without_the_access_log_nothing_is_said(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    gateway.complete()
    gateway.settled()
    gateway.client.get(gateway.path.replace("chat/completions", "key"))
    assert capsys.readouterr().err == ""
