"""A chat completion in the words of the Gemini API."""

from typing import Any

import pytest

from catalog.providers import gemini
from catalog.providers.dialect import Unsupported
from tests.providers.speaking import ASK, PIXEL, WEATHER, asked, order, tool_turns

FLASH, OLDER, NEWEST = "gemini-2.5-flash", "gemini-2.0-flash", "gemini-3-pro"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}


def _asked(messages: list[dict[str, Any]] | None = None, model: str = FLASH, **fields: Any) -> dict[str, Any]:
    return asked(gemini, model, messages, **fields)


def test_a_plain_question() -> None:
    assert _asked() == {
        "contents": [{"role": "user", "parts": [{"text": "What is the weather in Paris?"}]}],
        "generationConfig": {"maxOutputTokens": 1000},
    }


def test_the_model_is_in_the_address_and_can_do_no_harm_there() -> None:
    assert gemini.path(order(FLASH)) == "models/gemini-2.5-flash:generateContent"
    assert gemini.path(order(FLASH, stream=True)) == "models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    assert gemini.path(order("../x?key=1#")) == "models/..%2Fx%3Fkey%3D1%23:generateContent"


def test_the_systems_words_stand_apart_in_their_order() -> None:
    said = _asked([{"role": "system", "content": "Be brief."}, *ASK, {"role": "developer", "content": "In French."}])
    assert said["systemInstruction"] == {"parts": [{"text": "Be brief."}, {"text": "In French."}]}
    assert [content["role"] for content in said["contents"]] == ["user"]


def test_tool_calls_and_all_their_results_make_two_turns() -> None:
    first, call, results = _asked(tool_turns('{"celsius": 18}', "sunny"), tools=[WEATHER])["contents"]
    assert first["role"] == "user"
    assert call == {"role": "model", "parts": [{"functionCall": {"name": "weather", "args": {"city": "Paris"}}}] * 2}
    assert results["role"] == "user"
    assert [part["functionResponse"] for part in results["parts"]] == [
        {"name": "weather", "response": {"celsius": 18}},
        {"name": "weather", "response": {"output": "sunny"}},
    ]


def test_the_signature_of_its_thoughts_goes_back_to_it() -> None:
    messages = tool_turns("sunny")
    messages[1]["tool_calls"][0]["extra_content"] = {"google": {"thought_signature": "Eo4CCosC"}}
    assert _asked(messages)["contents"][1]["parts"][0]["thoughtSignature"] == "Eo4CCosC"


def test_images_sounds_and_files() -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": PIXEL}},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png?size=2"}},
        {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}},
    ]
    assert _asked([{"role": "user", "content": parts}])["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
        {"fileData": {"fileUri": "https://example.org/a.png?size=2", "mimeType": "image/png"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
        {"inlineData": {"mimeType": "video/mp4", "data": "AAAA"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
    ]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", None),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ({"type": "function", "function": {"name": "weather"}}, {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_which_tool_is_called(choice: object, expected: object) -> None:
    said = _asked(tools=[WEATHER], tool_choice=choice)
    assert said.get("toolConfig", {}).get("functionCallingConfig") == expected
    assert said["tools"] == [
        {
            "functionDeclarations": [
                {"name": "weather", "description": "Of a city", "parametersJsonSchema": WEATHER["function"]["parameters"]},
            ]
        }
    ]


def test_every_knob_it_has() -> None:
    knobs = {"temperature": 1.7, "top_p": 0.9, "top_k": 40, "n": 3, "seed": 7, "presence_penalty": 0.5, "frequency_penalty": -0.5} | {
        "logprobs": True,
        "top_logprobs": 3,
    }
    answer = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}}
    assert _asked(**knobs, stop=["END", "\n"], response_format=answer)["generationConfig"] == {
        "maxOutputTokens": 1000,
        "candidateCount": 3,
        "temperature": 1.7,
        "topP": 0.9,
        "topK": 40,
        "seed": 7,
        "presencePenalty": 0.5,
        "frequencyPenalty": -0.5,
        "responseLogprobs": True,
        "logprobs": 3,
        "stopSequences": ["END", "\n"],
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    }
    assert _asked(temperature=0, seed=0)["generationConfig"] == {"maxOutputTokens": 1000, "temperature": 0, "seed": 0}
    assert _asked(response_format={"type": "json_object"})["generationConfig"]["responseMimeType"] == "application/json"


@pytest.mark.parametrize(
    ("model", "effort", "limit", "expected"),
    [
        (FLASH, "low", 9000, {"thinkingBudget": 1024, "includeThoughts": True}),
        (FLASH, "high", 9000, {"thinkingBudget": 7200, "includeThoughts": True}),
        (FLASH, "none", 9000, {"thinkingBudget": 0}),
        (NEWEST, "xhigh", 9000, {"thinkingLevel": "high", "includeThoughts": True}),
        (OLDER, "none", 9000, None),
    ],
)
def test_effort_becomes_a_budget_or_a_level(model: str, effort: str, limit: int, expected: object) -> None:
    assert _asked(model=model, reasoning_effort=effort, limit=limit)["generationConfig"].get("thinkingConfig") == expected


@pytest.mark.parametrize(
    ("param", "model", "fields"),
    [
        ("logit_bias", FLASH, {"logit_bias": {"50256": -100}}),
        ("parallel_tool_calls", FLASH, {"parallel_tool_calls": False, "tools": [WEATHER]}),
        ("mirostat", FLASH, {"mirostat": 2}),
        ("reasoning_effort", OLDER, {"reasoning_effort": "low"}),
        ("messages[].tool_call_id", FLASH, {"messages": [*ASK, {"role": "tool", "tool_call_id": "nobody", "content": "x"}]}),
        (
            "messages[].content[].image_url.url",
            FLASH,
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "gs://a"}}]}]},
        ),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(param: str, model: str, fields: dict[str, Any]) -> None:
    with pytest.raises(Unsupported) as refused:
        _asked(fields.pop("messages", None), model=model, **fields)
    assert refused.value.param == param
