"""LangChain's ChatOpenAI, unmodified: only its base_url and api_key are ours.

It takes two seconds to import, so only tests that run do.
"""

import asyncio
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

import openai
import pydantic
import pytest

from tests.clients.fakes import LANGCHAIN, NARROW, POOR

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

pytestmark = pytest.mark.site


class Weather(pydantic.BaseModel):
    """The weather in a city."""

    city: str
    days: int


def weather(city: str, days: int) -> str:
    """The weather in a city."""
    return f"sunny in {city} for {days}"


@pytest.fixture
def chat(fakes):
    """``chat("fake/echo")``: the model through LangChain, without retries. LangChain keeps the connections of its models to itself."""
    from langchain_openai import ChatOpenAI

    def chat(model: str, key: str = LANGCHAIN, **options: Any) -> "ChatOpenAI":
        return ChatOpenAI(model=model, base_url=fakes.api_url, api_key=fakes.keys.get(key, key), max_retries=0, timeout=20, **options)

    return chat


def test_it_answers_and_knows_the_tokens_and_the_cost(chat):
    answer = chat("fake/echo").invoke("one two three")
    assert answer.content == "one two three"
    assert answer.usage_metadata["total_tokens"] == 6
    assert answer.response_metadata["token_usage"]["cost"] > 0
    assert answer.response_metadata["model_name"] == "fake/echo"


def test_it_streams_with_the_usage_asked_for(chat):
    chunks = list(chat("fake/echo", stream_usage=True).stream("one two three"))
    assert [chunk.content for chunk in chunks if chunk.content] == ["one ", "two ", "three"]
    assert reduce(add, chunks).usage_metadata["total_tokens"] == 6


def test_a_tool_goes_there_and_back(chat):
    from langchain_core.tools import tool

    model = chat("fake/tool-call").bind_tools([weather])
    messages: list[Any] = [("human", "How is the weather?")]
    called = model.invoke(messages)
    assert [(call["name"], call["args"]) for call in called.tool_calls] == [("weather", {"city": "text", "days": 1})]
    results = [tool(weather).invoke(call) for call in called.tool_calls]
    assert results[0].content == "sunny in text for 1"
    answer = model.invoke([*messages, called, *results])
    assert answer.content
    assert not answer.tool_calls


def test_a_tool_called_in_a_stream_is_put_together(chat):
    chunks = list(chat("fake/tool-call").bind_tools([weather]).stream("How is the weather?"))
    assert len([chunk for chunk in chunks if chunk.tool_call_chunks]) > 1
    assert [call["args"] for call in reduce(add, chunks).tool_calls] == [{"city": "text", "days": 1}]


@pytest.mark.parametrize(("model", "method"), [("fake/json", "json_schema"), ("fake/tool-call", "function_calling")])
def test_structured_output_is_an_object_of_its_class(chat, model, method):
    assert chat(model).with_structured_output(Weather, method=method).invoke("How is the weather?") == Weather(city="text", days=1)


def test_a_batch_is_answered_in_order(chat):
    words = ["one", "two", "three", "four"]
    assert [answer.content for answer in chat("fake/echo").batch(words)] == words


def test_it_does_the_same_asynchronously(chat):
    async def ask() -> tuple[str, list[str]]:
        async with openai.DefaultAsyncHttpxClient() as http:
            model = chat("fake/echo", http_async_client=http)
            return (await model.ainvoke("one two")).content, [chunk.content async for chunk in model.astream("one two")]

    answer, pieces = asyncio.run(ask())
    assert answer == "one two"
    assert [piece for piece in pieces if piece] == ["one ", "two"]


def test_our_own_fields_go_through_extra_body(chat):
    answer = chat("fake/hang-up", extra_body={"models": ["fake/echo"]}).invoke("one")
    assert answer.response_metadata["model_name"] == "fake/echo"


@pytest.mark.parametrize(
    ("key", "model", "kind", "code"),
    [
        ("sk-of-somebody-else", "fake/echo", openai.AuthenticationError, "invalid_api_key"),
        (POOR, "fake/echo", openai.APIStatusError, "insufficient_funds"),
        (NARROW, "fake/json", openai.PermissionDeniedError, "model_not_allowed"),
        (LANGCHAIN, "fake/nothing", openai.NotFoundError, "model_not_found"),
        (LANGCHAIN, "fake/error-400", openai.BadRequestError, "upstream_refused"),
        (LANGCHAIN, "gpt-4o", openai.InternalServerError, "model_not_available"),
    ],
)
def test_a_refusal_is_the_error_of_the_client_beneath(chat, key, model, kind, code):
    with pytest.raises(kind) as refusal:
        chat(model, key).invoke("one")
    assert refusal.value.code == code


def test_a_stream_that_breaks_off_is_an_error_after_what_it_said(chat):
    said: list[str] = []
    with pytest.raises(openai.APIError) as failure:
        said += (chunk.content for chunk in chat("fake/cut-mid-stream").stream("one"))
    assert failure.value.code == "upstream_error"
    assert "".join(said) == "Same request, same "
