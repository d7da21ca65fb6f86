"""Every field OpenAI knows is looked at before anybody is asked: what is wrong with it, and where."""

import json
from typing import Any

import pytest

from clod_site.lib.refusal import Refusal
from gateway.wire import request

HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
PNG = "data:image/png;base64,iVBORw0KGgo="


def parse(**fields: Any) -> request.Ask:
    return request.parse(json.dumps({"model": "paris", "messages": HELLO} | fields).encode())


def refusal(**fields: Any) -> Refusal:
    with pytest.raises(Refusal) as refused:
        parse(**fields)
    assert refused.value.status == 400
    return refused.value


def said(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [*HELLO, *messages]}


def parts(*parts: dict[str, Any]) -> dict[str, Any]:
    return said({"role": "user", "content": list(parts)})


EVERYTHING = {
    "messages": [
        {"role": "system", "content": "Be brief.", "name": "house"},
        {"role": "developer", "content": [{"type": "text", "text": "In French."}]},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERg==", "filename": "a.pdf"}},
            ],
        },
        {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None, "audio": None, "function_call": None},
        {"role": "tool", "tool_call_id": "call_1", "content": "sunny"},
        {"role": "assistant", "content": [{"type": "text", "text": "A"}, {"type": "refusal", "refusal": "B"}]},
        {"role": "function", "name": "old", "content": None},
        {"role": "user", "content": "And now?", "name": "alice"},
    ],
    "models": ["paris@price"],
    "provider": {
        "only": ["clod"],
        "ignore": [],
        "order": None,
        "sort": "price",
        "max_price": {"prompt": 1, "completion": 2.5, "request": 0.1},
        "allow_fallbacks": True,
    },
    "tools": [WEATHER, {"type": "custom", "custom": {"name": "code", "format": {"type": "text"}}}],
    "tool_choice": {"type": "function", "function": {"name": "weather"}},
    "parallel_tool_calls": False,
    "functions": [{"name": "old"}],
    "function_call": {"name": "old"},
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True}},
    "reasoning_effort": "minimal",
    "verbosity": "low",
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "mp3"},
    "prediction": {"type": "content", "content": [{"type": "text", "text": "x"}]},
    "stop": ["a", "b"],
    "logit_bias": {"50256": -100},
    "logprobs": True,
    "top_logprobs": 5,
    "n": 2,
    "seed": -1,
    "temperature": 2,
    "top_p": 0,
    "presence_penalty": -2,
    "frequency_penalty": 2,
    "max_tokens": 1,
    "max_completion_tokens": 7,
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
    "store": False,
    "service_tier": "auto",
    "metadata": {"a": "b"},
    "user": "u",
    "safety_identifier": "s",
    "prompt_cache_key": "p",
    "prompt_cache_retention": "24h",
}


def test_a_request_with_every_field_is_understood() -> None:
    ask = parse(**EVERYTHING)
    assert [wanted.tags for wanted in ask.wanted] == [(), ("price",)]
    assert set(ask.contents.modalities) == {"image", "audio", "file"}
    assert set(ask.features) == {"tools", "json_schema", "reasoning", "logprobs", "choices"}
    assert (ask.output_limit, ask.choices, ask.wants_usage, ask.writes_audio) == (7, 2, True, True)
    assert not {"models", "provider"} & set(ask.fields)


def test_null_is_as_good_as_left_out() -> None:
    ask = parse(**dict.fromkeys(EVERYTHING.keys() - {"messages"}))
    assert (ask.output_limit, ask.choices, ask.features, ask.model) == (None, 1, {}, "paris")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        (said({"role": "robot", "content": "x"}), "messages[1].role"),
        (said({"content": "x"}), "messages[1].role"),
        (said({"role": "user"}), "messages[1].content"),
        (said({"role": "user", "content": None}), "messages[1].content"),
        (said({"role": "user", "content": []}), "messages[1].content"),
        (said({"role": "user", "content": 7}), "messages[1].content"),
        (said({"role": "user", "content": "x", "name": "n" * 65}), "messages[1].name"),
        (said({"role": "assistant"}), "messages[1].content"),
        (said({"role": "assistant", "tool_calls": [{"id": "a"}]}), "messages[1].tool_calls[0].type"),
        (said({"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f"}}]}),
         "messages[1].tool_calls[0].function.arguments"),
        (said({"role": "tool", "content": "x"}), "messages[1].tool_call_id"),
        (said({"role": "tool", "content": "x", "tool_call_id": "call_9"}), "messages[1].tool_call_id"),
        (said({"role": "assistant", "tool_calls": [CALL]}, {"role": "tool", "tool_call_id": "call_1"}), "messages[2].content"),
        (said({"role": "system", "content": [{"type": "image_url", "image_url": {"url": PNG}}]}), "messages[1].content[0].type"),
        (parts({"type": "image"}), "messages[1].content[0].type"),
        (parts({"type": "text", "text": "x"}, {"type": "text"}), "messages[1].content[1].text"),
        (parts({"type": "image_url", "image_url": PNG}), "messages[1].content[0].image_url"),
        (parts({"type": "image_url", "image_url": {}}), "messages[1].content[0].image_url.url"),
        (parts({"type": "image_url", "image_url": {"url": "cat.png"}}), "messages[1].content[0].image_url.url"),
        (parts({"type": "image_url", "image_url": {"url": PNG, "detail": "hd"}}), "messages[1].content[0].image_url.detail"),
        (parts({"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}), "messages[1].content[0].input_audio.data"),
        (parts({"type": "input_audio", "input_audio": {"data": "x", "format": "midi"}}), "messages[1].content[0].input_audio.format"),
        (parts({"type": "file", "file": {"file_id": "file-1"}}), "messages[1].content[0].file.file_id"),
        (parts({"type": "file", "file": {}}), "messages[1].content[0].file.file_data"),
        ({"tools": [WEATHER, {"type": "function", "function": {}}]}, "tools[1].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "not a name"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": "{}"}}]}, "tools[0].function.parameters"),
        ({"tools": [{"type": "retrieval"}]}, "tools[0].type"),
        ({"tools": [WEATHER] * 129}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": "any"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "news"}}}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "x", "tools": []}}},
         "tool_choice.allowed_tools.mode"),
        ({"response_format": "json"}, "response_format"),
        ({"response_format": {"type": "yaml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format.json_schema.schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": []}}}, "response_format.json_schema.schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}}, "response_format.json_schema.name"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort"),
        ({"verbosity": "chatty"}, "verbosity"),
        ({"modalities": ["video"]}, "modalities[0]"),
        ({"modalities": ["text", "audio"]}, "audio"),
        ({"audio": {"voice": "alloy"}}, "audio.format"),
        ({"prediction": {"type": "content"}}, "prediction.content"),
        ({"stop": ["x"] * 17}, "stop"),
        ({"logit_bias": {"1": 101}}, "logit_bias.1"),
        ({"top_logprobs": 3}, "logprobs"),
        ({"top_logprobs": 21, "logprobs": True}, "top_logprobs"),
        ({"n": 129}, "n"),
        ({"seed": 1.5}, "seed"),
        ({"presence_penalty": 2.1}, "presence_penalty"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"metadata": {"a": "x" * 513}}, "metadata.a"),
        ({"metadata": {str(key): "" for key in range(17)}}, "metadata"),
        ({"metadata": {"a": "x", "b": 1}}, "metadata.b"),
        ({"user": 7}, "user"),
        ({"models": []}, "models"),
        ({"models": ["a", 1]}, "models[1]"),
        ({"models": ["a", "b", "c"]}, "models"),
        ({"models": ["paris@cheapest"]}, "models[0]"),
        ({"provider": "openai"}, "provider"),
        ({"provider": {"only": "openai"}}, "provider.only"),
        ({"provider": {"sort": "throughput"}}, "provider.sort"),
        ({"provider": {"max_price": {"prompt": -1}}}, "provider.max_price.prompt"),
        ({"provider": {"data_collection": "deny"}}, "provider"),
        ({"store": True}, "store"),
        ({"service_tier": "priority"}, "service_tier"),
        ({"service_tier": "gold"}, "service_tier"),
        ({"web_search_options": {}}, "web_search_options"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_path(fields: dict[str, Any], param: str) -> None:
    refused = refusal(**fields)
    assert (refused.code, refused.param) == ("invalid_request", param)
    assert refused.message.endswith((".", "…"))


def test_the_message_says_what_would_be_right() -> None:
    assert "minimal" in refusal(reasoning_effort="extreme").message
    assert "assistant" in refusal(**said({"role": "robot", "content": "x"})).message
    assert refusal(user=1).message == "Invalid 'user': Expected string, got integer."
    assert refusal(stop=1).message == "Invalid 'stop': Expected string | array, got integer."
    assert refusal(logit_bias={"5": -1, "6": True}).message == "Invalid 'logit_bias.6': Expected number, got boolean."
    assert "data_collection" in refusal(provider={"data_collection": "deny"}).message


def test_fallbacks_can_stand_in_for_the_model() -> None:
    body = json.dumps({"models": ["paris", "rome@latency"], "messages": HELLO}).encode()
    ask = request.parse(body)
    assert [(wanted.name, wanted.param) for wanted in ask.wanted] == [("paris", "models[0]"), ("rome", "models[1]")]


def test_what_would_change_the_price_or_the_addressee_is_dropped() -> None:
    ask = parse(api_base="http://evil.example", plugins=[{"id": "web"}], data_sources=[{}], priority=9, mirostat=2)
    assert set(ask.fields) == {"model", "messages", "mirostat"}


def test_words_are_counted_only_where_they_could_be_too_many() -> None:
    ask = parse(messages=[{"role": "user", "content": "a " * 5000}])
    assert ask.least_tokens(2048) == 5000
    assert ask.least_tokens(100_000) == 0
