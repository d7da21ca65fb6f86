"""A chat completion in the words of Anthropic's Messages API."""

import json
from typing import Any

import pytest

from catalog.providers import anthropic
from catalog.providers.dialect import Unsupported
from tests.providers.speaking import ASK, PIXEL, WEATHER, asked, order, tool_turns

SONNET, OLDER, OLDEST, NEWEST = "claude-sonnet-4-5", "claude-sonnet-4-20250514", "claude-3-5-haiku-latest", "claude-opus-5"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "additionalProperties": False}


def _asked(messages: list[dict[str, Any]] | None = None, model: str = SONNET, **fields: Any) -> dict[str, Any]:
    return asked(anthropic, model, messages, **fields)


def test_a_plain_question() -> None:
    assert _asked() == {
        "model": SONNET,
        "max_tokens": 1000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "What is the weather in Paris?"}]}],
        "stream": False,
    }
    assert anthropic.path(order(SONNET)) == "messages"


def test_the_systems_words_stand_apart_in_their_order() -> None:
    said = _asked(
        [{"role": "system", "content": "Be brief."}, *ASK, {"role": "developer", "content": [{"type": "text", "text": "In French."}]}]
    )
    assert said["system"] == [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "In French."}]
    assert [turn["role"] for turn in said["messages"]] == ["user"]


def test_tool_calls_and_all_their_results_make_two_turns() -> None:
    said = _asked([*tool_turns("18 °C", "19 °C"), {"role": "user", "content": "And?"}], tools=[WEATHER])
    first, call, results = said["messages"]
    assert first["role"] == "user"
    assert call["role"] == "assistant"
    assert call["content"] == [{"type": "tool_use", "id": f"call_{n}", "name": "weather", "input": {"city": "Paris"}} for n in range(2)]
    assert results["role"] == "user"
    assert [block["type"] for block in results["content"]] == ["tool_result", "tool_result", "text"]
    assert results["content"][1] == {"type": "tool_result", "tool_use_id": "call_1", "content": [{"type": "text", "text": "19 °C"}]}


def test_images_and_pdfs() -> None:
    parts = [
        {"type": "text", "text": "Compare."},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"}},
    ]
    text, image, link, document = _asked([{"role": "user", "content": parts}])["messages"][0]["content"]
    assert text == {"type": "text", "text": "Compare."}
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert link["source"] == {"type": "url", "url": "https://example.org/a.png"}
    assert document["source"] == {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}
    assert document["title"] == "a.pdf"


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        ("auto", True, None),
        ("auto", False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("none", False, {"type": "none"}),
        ("required", True, {"type": "any"}),
        (
            {"type": "function", "function": {"name": "weather"}},
            False,
            {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_which_tool_is_called(choice: object, parallel: bool, expected: object) -> None:
    said = _asked(tools=[WEATHER], tool_choice=choice, parallel_tool_calls=parallel)
    assert said.get("tool_choice") == expected
    assert said["tools"] == [{"name": "weather", "input_schema": WEATHER["function"]["parameters"], "description": "Of a city"}]


def test_strict_tools_and_schemas_where_the_model_follows_them() -> None:
    strict = {"type": "function", "function": WEATHER["function"] | {"strict": True}}
    answer = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}}
    said = _asked(tools=[strict], response_format=answer)
    assert said["tools"][0]["strict"] is True
    assert said["output_config"] == {"format": {"type": "json_schema", "schema": SCHEMA}}
    assert "strict" not in _asked(tools=[strict], model=OLDER)["tools"][0]


def test_sampling_is_brought_to_its_scale() -> None:
    said = _asked(temperature=1.7, top_p=0.9, top_k=40, stop="END", user="u-1", seed=7)
    assert (said["temperature"], said["top_p"], said["top_k"], said["stop_sequences"]) == (1.0, 0.9, 40, ["END"])
    assert said["metadata"] == {"user_id": "u-1"}
    assert "seed" not in said
    assert _asked(temperature=0, top_p=0)["temperature"] == 0


def test_effort_becomes_a_budget_that_leaves_room_for_the_answer() -> None:
    assert _asked(reasoning_effort="low", limit=20_000, temperature=0.2)["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert _asked(reasoning_effort="high", limit=10_000)["thinking"]["budget_tokens"] == 8000
    assert "temperature" not in _asked(reasoning_effort="low", limit=20_000, temperature=0.2)


@pytest.mark.parametrize(
    ("messages", "fields"),
    [
        (None, {"reasoning_effort": "none", "limit": 20_000}),
        (None, {"reasoning_effort": "high", "limit": 1000}),
        (None, {"reasoning_effort": "high", "limit": 20_000, "tools": [WEATHER], "tool_choice": "required"}),
        (tool_turns("18 °C"), {"reasoning_effort": "high", "limit": 20_000, "tools": [WEATHER]}),
    ],
    ids=["none", "no room", "forced tool", "result of a tool"],
)
def test_it_does_not_think_where_it_cannot(messages: Any, fields: dict[str, Any]) -> None:
    assert "thinking" not in _asked(messages, **fields)


def test_newer_models_take_an_effort() -> None:
    said = _asked(model=NEWEST, reasoning_effort="minimal", limit=20_000)
    assert (said["thinking"], said["output_config"]) == ({"type": "adaptive"}, {"effort": "low"})


@pytest.mark.parametrize(
    ("param", "model", "fields"),
    [
        ("n", SONNET, {"n": 2}),
        ("logprobs", SONNET, {"logprobs": True}),
        ("logit_bias", SONNET, {"logit_bias": {"50256": -100}}),
        ("presence_penalty", SONNET, {"presence_penalty": 0.5}),
        ("functions", SONNET, {"functions": [{"name": "f"}]}),
        ("mirostat", SONNET, {"mirostat": 2}),
        ("response_format", SONNET, {"response_format": {"type": "json_object"}}),
        ("response_format", OLDER, {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}}),
        ("reasoning_effort", OLDEST, {"reasoning_effort": "low", "limit": 8000}),
        ("reasoning_effort", SONNET, {"reasoning_effort": "very much"}),
        (
            "messages[].content",
            SONNET,
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "AA=="}}]}]},
        ),
        ("messages[].role", SONNET, {"messages": [{"role": "function", "name": "f", "content": "x"}]}),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(param: str, model: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Unsupported) as refused:
        _asked(fields.pop("messages", None), model=model, **fields)
    assert refused.value.param == param
    assert refused.value.status == 400


@pytest.mark.parametrize("arguments", ["not json", "[1]", "[" * 100_000])
def test_arguments_that_are_no_object_are_refused(arguments: str) -> None:
    messages = tool_turns("18 °C")
    messages[1]["tool_calls"][0]["function"]["arguments"] = arguments
    with pytest.raises(Unsupported, match="not a JSON object"):
        _asked(messages)


def test_what_asks_for_nothing_is_left_out() -> None:
    said = _asked(n=1, logprobs=False, logit_bias={}, presence_penalty=0, frequency_penalty=0.0, store=False, metadata={"a": "b"}, tools=[])
    assert set(said) == {"model", "max_tokens", "messages", "stream"}


def test_an_answer_begun_by_the_client_ends_without_a_space() -> None:
    said = _asked([*ASK, {"role": "assistant", "content": "It is "}])
    assert said["messages"][-1] == {"role": "assistant", "content": [{"type": "text", "text": "It is"}]}


def test_nothing_of_a_request_is_in_the_address() -> None:
    assert json.dumps(anthropic.path(order("../../evil?x="))) == '"messages"'
