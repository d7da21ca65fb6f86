"""The official Python client, unmodified: only its base_url and api_key are ours."""

import asyncio

import openai
import pytest

pytestmark = pytest.mark.site

MODEL = "SmolLM2 135M Instruct"
QUESTION = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "What is the capital of France?"},
]


@pytest.fixture
def client(site):
    with openai.OpenAI(base_url=f"{site.base_url}/v1", api_key=site.api_key, max_retries=0, timeout=60) as client:
        yield client


def test_it_answers(client):
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION, max_completion_tokens=24, temperature=0)
    assert "Paris" in answer.choices[0].message.content
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in {"stop", "length"}
    assert answer.object == "chat.completion"
    assert answer.model == MODEL


def test_the_usage_adds_up_and_says_what_it_cost(client):
    usage = client.chat.completions.create(model=MODEL, messages=QUESTION, max_completion_tokens=8).usage
    assert usage.prompt_tokens > 5
    assert 1 <= usage.completion_tokens <= 8
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert usage.cost == 0
    assert usage.cost_details["paid_by"] == "free"
    assert usage.cost_details["list_cost"] > 0


def test_it_streams_word_by_word_and_without_usage_unless_asked(client):
    chunks = list(client.chat.completions.create(model=MODEL, messages=QUESTION, max_completion_tokens=16, temperature=0, stream=True))
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    assert len(pieces) > 3
    assert "Paris" in "".join(pieces)
    assert all(chunk.usage is None for chunk in chunks)
    assert all(chunk.choices for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason in {"stop", "length"}
    assert len({chunk.id for chunk in chunks}) == 1


def test_a_stream_that_asks_for_usage_ends_with_it(client):
    stream = client.chat.completions.create(
        model=MODEL, messages=QUESTION, max_completion_tokens=8, stream=True, stream_options={"include_usage": True}
    )
    *others, last = list(stream)
    assert last.choices == []
    assert last.usage.completion_tokens <= 8
    assert last.usage.cost == 0
    assert all(chunk.usage is None for chunk in others)


def test_log_probabilities_are_told_token_by_token(client):
    answer = client.chat.completions.create(model=MODEL, messages=QUESTION, max_completion_tokens=3, logprobs=True, top_logprobs=2)
    tokens = answer.choices[0].logprobs.content
    assert "".join(token.token for token in tokens) == answer.choices[0].message.content
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in tokens)


def test_the_asynchronous_client_gets_answers_and_streams_at_the_same_time(site):
    async def ask() -> tuple[str, str]:
        async with openai.AsyncOpenAI(base_url=f"{site.base_url}/v1", api_key=site.api_key, max_retries=0, timeout=60) as client:
            return await asyncio.gather(_answer(client), _stream(client))

    answer, streamed = asyncio.run(ask())
    assert answer
    assert streamed


async def _answer(client: openai.AsyncOpenAI) -> str:
    answer = await client.chat.completions.create(model=MODEL, messages=QUESTION, max_completion_tokens=12)
    return answer.choices[0].message.content or ""


async def _stream(client: openai.AsyncOpenAI) -> str:
    stream = await client.chat.completions.create(model=MODEL, messages=QUESTION, max_completion_tokens=12, stream=True)
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


@pytest.mark.parametrize("name", ["smollm2-135m-instruct", "HuggingFaceTB/SmolLM2-135M-Instruct", "SMOLLM2 135M INSTRUCT"])
def test_every_spelling_of_the_model_s_name_resolves(client, name):
    answer = client.chat.completions.create(model=name, messages=QUESTION, max_completion_tokens=2)
    assert answer.model == MODEL


@pytest.mark.parametrize("tags", ["@price", "@latency", "@token_rate", "@price@latency", "@latency@token_rate@price"])
def test_strategy_tags_choose_an_endpoint(client, tags):
    raw = client.chat.completions.with_raw_response.create(model=MODEL + tags, messages=QUESTION, max_completion_tokens=2)
    assert raw.headers["x-clod-data-center"]
    assert raw.parse().model == MODEL


def test_a_strategy_without_a_model_chooses_one_that_can_answer(client):
    answer = client.chat.completions.create(model="@latency", messages=QUESTION, max_completion_tokens=2)
    assert answer.choices[0].message.content


def test_an_unknown_strategy_is_refused_naming_the_valid_ones(client):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(model=f"{MODEL}@cheapest", messages=QUESTION)
    message = refusal.value.body["message"]
    assert all(name in message for name in ("price", "latency", "token_rate"))


def test_an_unknown_model_is_refused_naming_the_nearest(client):
    with pytest.raises(openai.NotFoundError) as refusal:
        client.chat.completions.create(model="smolm2-135m-instuct", messages=QUESTION)
    assert refusal.value.code == "model_not_found"
    assert "smollm2-135m-instruct" in refusal.value.body["message"].lower().replace(" ", "-")


@pytest.mark.parametrize("spoil", [lambda key: "sk-nonsense", lambda key: key[:-1] + ("0" if key[-1] != "0" else "1")])
def test_a_wrong_key_is_refused_with_what_to_do(site, spoil):
    stranger = openai.OpenAI(base_url=f"{site.base_url}/v1", api_key=spoil(site.api_key), max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError) as refusal:
        stranger.chat.completions.create(model=MODEL, messages=QUESTION)
    assert refusal.value.code == "invalid_api_key"
    assert "API Keys" in refusal.value.body["message"]


def test_a_body_that_is_no_completion_is_refused_naming_the_field(client):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.chat.completions.create(model=MODEL, messages=QUESTION, temperature=9)
    assert refusal.value.param == "temperature"


def test_the_models_are_listed(client):
    ids = {model.id for model in client.models.list()}
    assert "smollm2-135m-instruct" in ids


def test_whoever_has_the_answer_finds_the_request(client, site):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION, max_completion_tokens=6)
    answer = raw.parse()
    row = client.get(f"/requests/{raw.headers['x-request-id']}", cast_to=object)
    assert row["status"] == "ok"
    assert (row["prompt_tokens"], row["completion_tokens"]) == (answer.usage.prompt_tokens, answer.usage.completion_tokens)
    assert (row["cost"], row["paid_by"]) == (0, "free")
    assert row["data_center"] == raw.headers["x-clod-data-center"]
    assert str(row["price_tick"]) == raw.headers["x-clod-price-tick"]
    assert 0 < row["ttft_ms"] <= row["latency_ms"]


def test_whoever_has_the_stream_s_end_finds_the_request(client):
    with client.chat.completions.with_streaming_response.create(
        model=MODEL, messages=QUESTION, max_completion_tokens=6, stream=True
    ) as raw:
        lines = [line for line in raw.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    row = client.get(f"/requests/{raw.headers['x-request-id']}", cast_to=object)
    assert (row["status"], row["stream"]) == ("ok", True)
    assert row["completion_tokens"] <= 6


def test_each_answer_uses_one_free_request_and_a_refusal_none(client):
    def left() -> int:
        raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=QUESTION, max_completion_tokens=1)
        return int(raw.headers["x-clod-free-requests-left"])

    before = left()
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="no-such-model", messages=QUESTION)
    assert left() == before - 1
