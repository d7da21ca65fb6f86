"""The official Python client at /v1/embeddings and /v1/completions: the fake provider's vectors, the local model's words."""

import openai
import pytest

from tests.clients.fakes import PYTHON

pytestmark = pytest.mark.site

LOCAL = "SmolLM2 135M Instruct"


@pytest.fixture
def client(fakes):
    with openai.OpenAI(base_url=fakes.api_url, api_key=fakes.keys[PYTHON], max_retries=0, timeout=60) as client:
        yield client


def test_texts_become_vectors_which_the_client_asks_for_in_base64(client, fakes):
    answered = client.embeddings.with_raw_response.create(model="fake/embedding", input=["one", "two words"])
    embeddings = answered.parse()
    assert b'"embedding":"' in answered.content
    assert [len(vector.embedding) for vector in embeddings.data] == [8, 8]
    assert sum(number * number for number in embeddings.data[1].embedding) == pytest.approx(1, abs=1e-5)
    assert embeddings.usage.prompt_tokens == embeddings.usage.total_tokens == 3
    assert fakes.row(PYTHON, answered.headers["x-request-id"])["operation"] == "embeddings"


def test_as_floats_they_are_the_same(client):
    packed = client.embeddings.create(model="fake/embedding", input="one", dimensions=5).data[0].embedding
    plain = client.embeddings.create(model="fake/embedding", input="one", dimensions=5, encoding_format="float").data[0].embedding
    assert plain == pytest.approx(packed)


def test_the_local_model_continues_a_text(client, fakes):
    answered = client.completions.with_raw_response.create(
        model=LOCAL, prompt="The capital of France is", max_tokens=6, temperature=0, logprobs=2
    )
    completion = answered.parse()
    choice = completion.choices[0]
    assert "Paris" in choice.text
    assert choice.finish_reason == "length"
    assert "".join(choice.logprobs.tokens) == choice.text
    assert len(choice.logprobs.token_logprobs) == len(choice.logprobs.text_offset) == completion.usage.completion_tokens == 6
    assert fakes.row(PYTHON, answered.headers["x-request-id"])["operation"] == "completions"


def test_the_local_model_streams_it(client):
    stream = list(
        client.completions.create(
            model=LOCAL, prompt=["One, two,"], max_tokens=8, temperature=0, stream=True, stream_options={"include_usage": True}
        )
    )
    assert "three" in "".join(chunk.choices[0].text for chunk in stream if chunk.choices)
    assert stream[-1].usage.completion_tokens == 8
    assert {chunk.object for chunk in stream} == {"text_completion"}


def test_what_the_local_model_does_not_do_is_said(client):
    with pytest.raises(openai.BadRequestError, match="does not repeat its prompt"):
        client.completions.create(model=LOCAL, prompt="x", echo=True)
    with pytest.raises(openai.BadRequestError, match="call it at /v1/chat/completions or /v1/completions"):
        client.embeddings.create(model=LOCAL, input="x")
