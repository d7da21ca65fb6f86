"""From a stranger to a paying customer, through the proxy: sign-up, key, calls, what the pages show of them."""

import re
import secrets
import time

import httpx2
import openai
import pytest

from clod_site.lib import ids
from tests.acceptance.conftest import MODEL, Visitor, bearer, eventually
from tests.people import PASSWORD

pytestmark = pytest.mark.acceptance


def test_a_stranger_signs_up_by_the_code_in_a_mail(dora: Visitor) -> None:
    page = dora.get("/welcome")
    assert page.status_code == 200
    assert dora.email in page.text


def test_a_new_key_answers_and_the_call_is_in_activity(stack, dora, new_key) -> None:
    key = new_key()
    answer = stack.call(key)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]
    request = answer.headers["x-request-id"]
    rows = httpx2.get(f"{stack.base_url}/v1/requests", headers=bearer(key)).json()["data"]
    assert request in [row["id"] for row in rows], "read your writes"
    assert dora.get(f"/activity/{request}").status_code == 200
    assert request in eventually(lambda: (page := dora.get("/activity").text) and request in page and page)


def test_a_stream_comes_through_the_proxy_as_it_is_made(stack, new_key) -> None:
    """The first piece is there long before the last one is."""
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Tell me a long story about a lighthouse."}],
        "stream": True,
        "max_completion_tokens": 200,
    }
    heard: list[tuple[float, str]] = []
    with httpx2.stream("POST", f"{stack.base_url}/v1/chat/completions", json=body, headers=bearer(new_key()), timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        heard.extend((time.monotonic(), line) for line in answer.iter_lines() if line.startswith("data: "))
    assert heard[-1][1] == "data: [DONE]"
    pieces = [at for at, line in heard if '"content"' in line]
    assert len(pieces) > 10
    assert pieces[-1] - pieces[0] > 0.1, "all of it came at once"
    assert len({round(at, 2) for at in pieces}) > len(pieces) / 3, "it came in a few lumps"


def test_the_official_client_works_unchanged(stack, new_key) -> None:
    with openai.OpenAI(base_url=f"{stack.base_url}/v1", api_key=new_key(), max_retries=0) as client:
        assert MODEL in [model.id for model in client.models.list()]
        whole = client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "Hi"}], max_completion_tokens=4)
        assert whole.choices[0].message.content
        parts = client.chat.completions.create(
            model=MODEL, messages=[{"role": "user", "content": "Hi"}], max_completion_tokens=4, stream=True
        )
        assert "".join(part.choices[0].delta.content or "" for part in parts if part.choices)


def test_a_cap_stops_the_key_on_both_web_processes(stack, new_key, paid_model) -> None:
    """A cap of nothing. The wallet could pay, as another key of the same project shows."""
    poor, rich = new_key(daily_cap_nanousd="0"), new_key()
    assert stack.call(rich, model=paid_model).status_code == 200
    for at in ["", *stack.webs]:
        answer = stack.call(poor, at=at, model=paid_model)
        assert (answer.status_code, answer.json()["error"]["code"]) == (402, "key_daily_cap")
        assert answer.json()["error"]["resets_at"]


def test_a_revoked_key_is_refused_at_once_on_both_web_processes(stack, dora, new_key) -> None:
    key = new_key(name=(name := f"to be revoked {secrets.token_hex(3)}"))
    for at in stack.webs:
        assert stack.call(key, at=at).status_code == 200, "each process knows it now"
    page = re.search(rf'href="([^"]+)">{name}<', dora.get("/keys").text)
    assert page
    assert dora.post(f"{page[1]}/revoke").status_code == 200
    for at in [*stack.webs, ""]:
        answer = stack.call(key, at=at)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_a_stranger_sees_nothing_of_it(stack, dora, new_key) -> None:
    request = stack.call(new_key()).headers["x-request-id"]
    assert httpx2.get(f"{stack.base_url}/v1/requests/{request}", headers=bearer(stack.api_key)).status_code == 404
    assert httpx2.get(f"{stack.base_url}/activity/{ids.public('req', ids.uuid7())}").status_code == 302
    with httpx2.Client(base_url=stack.base_url) as nobody:
        assert nobody.get("/keys").status_code == 302
    assert PASSWORD not in dora.get("/keys").text
