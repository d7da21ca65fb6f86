"""The official Python client and what the little real model cannot do: tools, schemas, several answers, thoughts, fallbacks."""

import asyncio
import json
from typing import Any, Literal

import openai
import pydantic
import pytest

from tests.clients.fakes import PYTHON

pytestmark = pytest.mark.site

ASK: list[Any] = [{"role": "user", "content": "one two three"}]


class Weather(pydantic.BaseModel):
    """The weather in a city."""

    city: str
    days: int


class Trip(pydantic.BaseModel):
    """What schemas of real programs are made of: references, alternatives, lists, constants, a class within itself."""

    weather: Weather
    kind: Literal["walk", "ride"]
    guide: str | None
    stops: list[Weather]
    after: "Trip | None"
    sides: list["Trip"]


WEATHER = openai.pydantic_function_tool(Weather, name="weather")


@pytest.fixture
def client(fakes):
    with openai.OpenAI(base_url=fakes.api_url, api_key=fakes.keys[PYTHON], max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def completions(client):
    return client.chat.completions


def test_a_tool_is_called_and_its_result_answered(completions):
    call = completions.create(model="fake/tool-call", messages=ASK, tools=[WEATHER])
    assert call.choices[0].finish_reason == "tool_calls"
    message = call.choices[0].message
    assert message.content is None
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "text", "days": 1}
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
    answer = completions.create(model="fake/tool-call", messages=[*ASK, message, result], tools=[WEATHER])
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content


def test_a_tool_call_arrives_in_pieces_and_the_client_joins_them(completions):
    with completions.stream(model="fake/tool-call", messages=ASK, tools=[WEATHER]) as stream:
        pieces = [event.arguments_delta for event in stream if event.type == "tool_calls.function.arguments.delta"]
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert len([piece for piece in pieces if piece]) > 1
    assert "".join(pieces) == call.function.arguments
    assert call.function.parsed_arguments == Weather(city="text", days=1)


def test_an_answer_to_a_schema_is_an_object_of_its_class(completions):
    answer = completions.parse(model="fake/json", messages=ASK, response_format=Weather)
    assert answer.choices[0].message.parsed == Weather(city="text", days=1)


def test_an_answer_to_a_schema_of_schemas_is_one_too(completions):
    weather = Weather(city="text", days=1)
    trip = completions.parse(model="fake/json", messages=ASK, response_format=Trip).choices[0].message.parsed
    assert (trip.weather, trip.kind, trip.guide, trip.stops) == (weather, "walk", "text", [weather])
    assert trip.after.after is None
    assert trip.after.sides == trip.sides[0].sides == []


def test_an_answer_to_a_schema_may_be_streamed(completions):
    with completions.stream(model="fake/json", messages=ASK, response_format=Weather) as stream:
        done = [event.parsed for event in stream if event.type == "content.done"]
    assert done == [Weather(city="text", days=1)]


def test_several_answers_are_told_apart(completions):
    answer = completions.create(model="fake/echo", messages=ASK, n=2)
    assert [(choice.index, choice.message.content) for choice in answer.choices] == [(0, "one two three"), (1, "one two three")]
    with completions.stream(model="fake/echo", messages=ASK, n=2) as stream:
        choices = stream.get_final_completion().choices
    assert [(choice.index, choice.message.content, choice.finish_reason) for choice in choices] == [
        (0, "one two three", "stop"),
        (1, "one two three", "stop"),
    ]


def test_thoughts_come_beside_the_answer(completions):
    answer = completions.create(model="fake/reasoning", messages=ASK)
    assert answer.choices[0].message.reasoning_content == "Let me think. "
    assert answer.usage.completion_tokens_details.reasoning_tokens == 3


def test_the_client_s_typed_answers_hold_whatever_a_provider_says_about_tokens(completions):
    for model in ("fake/no-usage", "fake/usage-every-chunk", "fake/zero-usage", "fake/absurd-usage", "fake/rejects-stream-options"):
        *_, last = completions.create(model=model, messages=ASK, stream=True, stream_options={"include_usage": True})
        assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens >= 0, model
        assert last.usage.cost >= 0, model


def test_headers_are_there_before_the_answer_is_parsed(completions):
    raw = completions.with_raw_response.create(model="fake/echo", messages=ASK)
    answer = raw.parse()
    assert raw.request_id == answer._request_id == raw.headers["x-request-id"]
    assert float(raw.headers["x-clod-cost-usd"]) == pytest.approx(answer.usage.cost, abs=0)
    assert raw.headers["x-clod-paid-by"] == "wallet"


def test_a_fallback_answers_when_the_first_model_cannot(completions):
    answer = completions.create(model="fake/hang-up", messages=ASK, extra_body={"models": ["fake/echo"]})
    assert answer.model == "fake/echo"


def test_provider_preferences_are_kept(completions):
    answer = completions.create(model="fake/echo", messages=ASK, extra_body={"provider": {"only": ["fake"]}})
    assert answer.choices[0].message.content == "one two three"
    with pytest.raises(openai.BadRequestError) as refusal:
        completions.create(model="fake/echo", messages=ASK, extra_body={"provider": {"only": ["openai"]}})
    assert (refusal.value.code, refusal.value.param) == ("no_candidate_left", "provider.only")


def test_one_model_is_found_by_each_of_its_names(client):
    assert {client.models.retrieve(name).id for name in ("fake-echo", "fake/echo", "clod/fake-echo")} == {"fake-echo"}


def test_the_asynchronous_client_does_the_same(fakes):
    async def ask() -> tuple[Any, Any, list[str]]:
        async with openai.AsyncOpenAI(base_url=fakes.api_url, api_key=fakes.keys[PYTHON], max_retries=0, timeout=20) as client:
            completions = client.chat.completions
            parsed = await completions.parse(model="fake/json", messages=ASK, response_format=Weather)
            async with completions.stream(model="fake/tool-call", messages=ASK, tools=[WEATHER]) as stream:
                called = await stream.get_final_completion()
            return parsed, called, [model.id async for model in client.models.list()]

    parsed, called, models = asyncio.run(ask())
    assert parsed.choices[0].message.parsed == Weather(city="text", days=1)
    assert called.choices[0].message.tool_calls[0].function.parsed_arguments == Weather(city="text", days=1)
    assert "fake-echo" in models
