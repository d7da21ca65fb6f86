"""The fake provider by itself: each model does what it is named for, the same way each time."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from catalog.providers.fake.behaviours import BEHAVIOURS
from catalog.providers.fake.script import example
from catalog.providers.fake.server import serving
from tests.providers.speaking import WEATHER, joined

ROOT = Path(__file__).parents[2]
HELLO = [{"role": "user", "content": "Hello to all of you"}]


@pytest.fixture(scope="module")
def fake() -> Iterator[httpx2.Client]:
    with serving() as address, httpx2.Client(base_url=address, timeout=5) as client:
        yield client


def _ask(client: httpx2.Client, model: str, **fields: Any) -> httpx2.Response:
    return client.post("/chat/completions", json={"model": model, "messages": HELLO} | fields)


def _events(client: httpx2.Client, model: str, **fields: Any) -> list[Any]:
    text = _ask(client, model, stream=True, **fields).text
    return [part if part == "[DONE]" else json.loads(part) for part in (event[6:] for event in text.split("\n\n") if event)]


def test_the_catalog_and_the_page_name_every_behaviour() -> None:
    models = yaml.safe_load((ROOT / "catalog/data/development/fake_models.yaml").read_text())["models"]
    endpoints = yaml.safe_load((ROOT / "catalog/data/development/fake_endpoints.yaml").read_text())["endpoints"]
    names = {*BEHAVIOURS, "refuse-connection"}
    page = (ROOT / "docs/fake-provider.md").read_text()
    assert {model["slug"] for model in models} == {endpoint["model"] for endpoint in endpoints} == {f"fake-{name}" for name in names}
    assert {endpoint["upstream_model"] for endpoint in endpoints} == names
    assert [name for name in names if f"`fake/{name}`" not in page and f"`-{name[6:]}`" not in page] == []


def test_it_echoes(fake: httpx2.Client) -> None:
    answer = _ask(fake, "echo").json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "Hello to all of you"}
    assert (answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"]) == (5, 5)
    assert answer == _ask(fake, "echo").json()


@pytest.mark.parametrize(
    "model", [name for name, does in BEHAVIOURS.items() if does.status == 200 and not does.first_s and not does.breaks]
)
def test_a_stream_says_what_the_whole_answer_says(fake: httpx2.Client, model: str) -> None:
    if model == "hang-up":
        with pytest.raises(httpx2.RemoteProtocolError):
            _ask(fake, model)
        return
    whole = _ask(fake, model, tools=[WEATHER]).json()["choices"][0]
    streamed = joined(_events(fake, model, tools=[WEATHER]))
    assert streamed["finish_reason"] == whole["finish_reason"]
    assert streamed.get("content", "") == (whole["message"]["content"] or "")
    assert streamed.get("reasoning_content") == whole["message"].get("reasoning_content")
    assert [call["arguments"] for call in streamed["tool_calls"]] == [
        call["function"]["arguments"] for call in whole["message"].get("tool_calls", ())
    ]


def test_it_calls_tools_and_answers_to_their_results(fake: httpx2.Client) -> None:
    called = _ask(fake, "tool-call", tools=[WEATHER]).json()["choices"][0]
    assert called["finish_reason"] == "tool_calls"
    assert called["message"]["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city":"text"}'}
    answered = _ask(fake, "tool-call", tools=[WEATHER], messages=[*HELLO, {"role": "tool", "tool_call_id": "call_fake", "content": "18"}])
    assert answered.json()["choices"][0]["finish_reason"] == "stop"


def test_it_writes_to_a_schema(fake: httpx2.Client) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}, "tags": {"type": "array", "items": {"enum": ["a", "b"]}}}}
    answer = _ask(fake, "json", response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}).json()
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"n": 1, "tags": ["a"]} == example(schema)


def test_the_output_limit_ends_it(fake: httpx2.Client) -> None:
    answer = _ask(fake, "long", max_tokens=7, n=2).json()
    assert [choice["finish_reason"] for choice in answer["choices"]] == ["length", "length"]
    assert answer["usage"]["completion_tokens"] == 14


def test_usage_in_every_way(fake: httpx2.Client) -> None:
    asked = {"stream_options": {"include_usage": True}}
    assert "usage" not in _ask(fake, "no-usage").json()
    assert all("usage" not in event for event in _events(fake, "no-usage", **asked)[:-1])
    counted = [event["usage"]["completion_tokens"] for event in _events(fake, "usage-every-chunk")[:-1] if "usage" in event]
    assert counted == list(range(1, 13))
    assert _events(fake, "absurd-usage", **asked)[-2]["usage"]["prompt_tokens"] == -5
    assert _ask(fake, "zero-usage").json()["usage"]["prompt_tokens"] == 0
    assert _events(fake, "echo", **asked)[-2]["usage"]["completion_tokens"] == 5
    assert "usage" not in _events(fake, "echo")[-2]


def test_refusals(fake: httpx2.Client) -> None:
    statuses = {name: _ask(fake, name).status_code for name, does in BEHAVIOURS.items() if does.status != 200}
    assert statuses == {f"error-{status}": status for status in (400, 401, 429, 500, 529)}
    assert _ask(fake, "error-429").headers["retry-after"] == "2"
    assert _ask(fake, "rejects-stream-options", stream=True, stream_options={"include_usage": True}).status_code == 400
    assert _ask(fake, "nobody").status_code == 404
    assert _ask(fake, "echo", fake={"speed": 3}).status_code == 400


@pytest.mark.parametrize(("model", "last"), [("error-mid-stream", "error"), ("cut-mid-stream", "choices")])
def test_streams_that_break_after_three_words(fake: httpx2.Client, model: str, last: str) -> None:
    heard: list[dict[str, Any]] = []
    body = {"model": model, "messages": HELLO, "stream": True}
    try:
        with fake.stream("POST", "/chat/completions", json=body) as response:
            heard.extend(json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: "))
    except httpx2.RemoteProtocolError:
        assert model == "cut-mid-stream"
    assert len([event for event in heard if "choices" in event]) == 3
    assert last in heard[-1]


@pytest.mark.parametrize(
    "fields", [{"model": "hang"}, {"model": "echo", "fake": {"first_s": 60}}, {"model": "stall-mid-stream", "stream": True}]
)
def test_silence(fake: httpx2.Client, fields: dict[str, Any]) -> None:
    with pytest.raises(httpx2.ReadTimeout):
        fake.post("/chat/completions", json={"messages": HELLO} | fields, timeout=0.3)


def test_knobs(fake: httpx2.Client) -> None:
    assert _ask(fake, "reasoning", fake={"words": 4, "pause_s": 0}).json()["usage"]["completion_tokens"] == 7
