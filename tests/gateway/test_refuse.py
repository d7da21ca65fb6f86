"""Every no is JSON, in OpenAI's shape, and says what to do."""

import httpx2
import pytest

from accounts.models import User
from catalog.models import Model
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from gateway.wire import request
from projects import keys
from projects.models import ApiKey, Project
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway


def _error(response: httpx2.Response, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    assert response.headers["x-clod-cost-usd"] == "0"
    assert response.headers["x-content-type-options"] == "nosniff"
    error = response.json()["error"]
    assert error["code"] == code
    assert error["message"].endswith((".", "…")) or ":" in error["message"]
    assert {"message", "type", "param", "code"} <= set(error)
    return error


def test_every_wrong_key_gets_the_same_answer(gateway: Gateway, project: Project, alice: User) -> None:
    revoked, revoked_text = keys.generate(project, name="old", actor=alice)
    keys.revoke(revoked, actor=alice)
    _, expired_text = keys.generate(project, name="past", actor=alice, expires_at=clock.now())
    typo = gateway.key[:-1] + ("A" if gateway.key[-1] != "A" else "B")
    unknown = keys.generate(project, name="gone", actor=alice)[1]
    ApiKey.objects.filter(name="gone").delete()
    bodies = set()
    for text in (
        "",
        "Basic x",
        "Bearer",
        "Bearer nonsense",
        f"Bearer {typo}",
        f"Bearer {unknown}",
        f"Bearer {revoked_text}",
        f"Bearer {expired_text}",
    ):
        response = gateway.client.post(gateway.path, json={"model": "paris", "messages": []}, headers={"authorization": text})
        _error(response, 401, "invalid_api_key")
        bodies.add(response.content)
    assert len(bodies) == 1
    assert gateway.upstream.journal == []


def test_a_key_revoked_while_in_use_starts_no_further_call(gateway: Gateway, alice: User) -> None:
    assert gateway.complete().status_code == 200
    keys.revoke(ApiKey.objects.get(), actor=alice)
    _error(gateway.complete(), 401, "invalid_api_key")
    assert len(gateway.upstream.journal) == 1


def test_an_unknown_model_is_a_404_that_names_the_nearest(gateway: Gateway) -> None:
    error = _error(gateway.complete("pariss"), 404, "model_not_found")
    assert "Paris" in str(error["message"])


def test_an_unknown_strategy_names_the_valid_ones(gateway: Gateway) -> None:
    error = _error(gateway.complete("paris@cheapest"), 400, "invalid_request")
    assert "@latency" in str(error["message"])
    assert error["param"] == "model"


def test_a_listed_model_without_an_endpoint_is_not_pretended(gateway: Gateway) -> None:
    shop.model("someday")
    shop.endpoint(Model.objects.get(slug="someday"), "", "paris")
    _error(gateway.complete("someday"), 503, "model_not_available")


def test_a_model_the_key_may_not_use_is_a_403(gateway: Gateway, project: Project) -> None:
    project.allowed_models.add(shop.model("only-this"))
    from gateway import snapshots

    snapshots.forget()
    _error(gateway.complete("paris"), 403, "model_not_allowed")


def test_an_empty_wallet_is_a_402_before_any_upstream_is_called(gateway: Gateway) -> None:
    shop.endpoint(shop.model("dear", output_nanousd_per_mtok=20_000_000_000_000), gateway.upstream.base_url, "paris")
    _error(gateway.complete("dear"), 402, "insufficient_funds")
    assert gateway.upstream.journal == []


def test_a_spent_budget_is_a_402_with_its_reset(gateway: Gateway, project: Project) -> None:
    Project.objects.update(daily_cap_nanousd=1)
    error = _error(gateway.complete(), 402, "project_daily_cap")
    assert str(error["resets_at"]).endswith("Z")
    Project.objects.update(daily_cap_nanousd=None, monthly_cap_nanousd=1)
    _error(gateway.complete(), 402, "project_monthly_cap")


NO_COMPLETIONS = [
    (b"", None),
    (b"{", None),
    (b"[]", None),
    (b'"text"', None),
    (b"\xff\xfe", None),
    (b'{"model": "paris"}', "messages"),
    (b'{"model": "paris", "messages": []}', "messages"),
    (b'{"model": "paris", "messages": [{"role": "robot", "content": "x"}]}', "messages[0].role"),
    (b'{"model": "paris", "messages": [{"role": "user", "content": [{"type": "text"}]}]}', "messages[0].content[0].text"),
    (b'{"model": 7, "messages": [{"role": "user", "content": "x"}]}', "model"),
    (b'{"model": "paris", "messages": [{"role": "user", "content": "x"}], "temperature": 9}', "temperature"),
    (b'{"model": "paris", "messages": [{"role": "user", "content": "x"}], "temperature": 1e999}', "temperature"),
    (b'{"model": "paris", "messages": [{"role": "user", "content": "x"}], "max_tokens": 0}', "max_tokens"),
    (b'{"model": "paris", "messages": [{"role": "user", "content": "x"}], "max_tokens": 5000}', "max_completion_tokens"),
    (b'{"model": "paris", "messages": [{"role": "user", "content": "x"}], "stream": "yes"}', "stream"),
    (b'{"model": "", "messages": [{"role": "user", "content": "x"}]}', "model"),
    (b'{"model": "paris", "temperature": NaN, "messages": []}', None),
    (b'{"model": "paris", "messages": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
    (
        b'{"model": "paris", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/y.png"}}]}]}',
        "messages[0].content[0]",
    ),
]  # fmt: skip


def test_a_body_that_is_no_completion_names_what_is_wrong(gateway: Gateway, subtests: pytest.Subtests) -> None:
    for body, param in NO_COMPLETIONS:
        with subtests.test(str(body[-60:])):
            response = gateway.client.post(gateway.path, content=body, headers={"content-type": "application/json"})
            error = _error(response, 400, "invalid_request")
            assert error["param"] == param
            assert gateway.upstream.journal == []


def test_a_nul_character_is_answered_and_charged(gateway: Gateway) -> None:
    body = b'{"model": "paris", "messages": [{"role": "user", "content": "a\\u0000b"}]}'
    response = gateway.client.post(gateway.path, content=body)
    assert response.status_code == 200
    assert gateway.row(response).cost_nanousd == 48_000


def test_half_a_surrogate_pair_is_no_text(gateway: Gateway) -> None:
    body = b'{"model": "paris", "messages": [{"role": "user", "content": "\\ud800"}]}'
    told = _error(gateway.client.post(gateway.path, content=body), 400, "invalid_request")["message"]
    assert told == (
        "The body is not valid JSON: \\ud800 is half of a surrogate pair, and no character. "
        "Write both halves, or the character itself in UTF-8."
    )


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (rb'{"a": "\ud83d\ude00 \\ud800 \uDE00"}', "uDE00 is half"),  # a pair, five plain characters, and a half
        (rb'{"a": "\ud800\u0041"}', "ud800 is half"),
        (rb'{"a": "\ud83d\ude00', "it ends too early"),
        (rb'{"a": \q}', "invalid character (byte 6)"),
    ],
)
def test_a_body_that_is_no_json_says_why(body: bytes, why: str) -> None:
    with pytest.raises(Refusal) as refused:
        request.parse(body)
    assert why in refused.value.message


def test_a_compressed_body_is_a_415(gateway: Gateway) -> None:
    response = gateway.client.post(gateway.path, content=b"\x1f\x8b", headers={"content-encoding": "gzip"})
    _error(response, 415, "unsupported_content_encoding")


def test_a_body_over_four_mebibytes_is_a_413(gateway: Gateway) -> None:
    response = gateway.client.post(gateway.path, content=b" " * (4 * 1024**2 + 1))
    _error(response, 413, "body_too_large")


@FAST_LANE
def test_another_method_or_path_is_json_too(gateway: Gateway) -> None:
    response = gateway.client.get(gateway.path)
    _error(response, 405, "method_not_allowed")
    assert response.headers["allow"] == "POST"
    _error(gateway.client.post("/v1/nothing"), 404, "not_found")


@FAST_LANE
def test_a_cursor_of_nowhere_is_not_the_first_page(gateway: Gateway) -> None:
    assert _error(gateway.client.get("/v1/requests?cursor=zzz"), 400, "invalid_request")["param"] == "cursor"
