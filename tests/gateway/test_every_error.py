"""docs/errors.md: every code the gateway can answer is on the page, and each of them is really answered with its status."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings
from django.test import override_settings

from accounts.models import Organization
from billing import holds, refusals
from billing.models import Wallet
from catalog.models import Endpoint
from clod_site.lib import clock
from clod_site.lib.refusal import Refusal
from gateway import connection, door, pages, pipeline, snapshots, views
from projects.models import ApiKey, Project
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.test_lose_the_database import database_away

assert all((connection, door, pages, views))  # their refusals are known once they are imported
GATEWAY = ("gateway.", "billing.refusals", "catalog.", "projects.")
ROW = re.compile(r"^\| (\d{3}) \| `(\w+)` \|", re.MULTILINE)
PAGE = {(int(status), code) for status, code in ROW.findall(Path(settings.BASE_DIR, "docs", "errors.md").read_text())}
Produce = Callable[[Gateway, pytest.MonkeyPatch], httpx2.Response]


def asked(**fields: Any) -> Produce:
    return lambda gateway, _: gateway.complete(**fields)


def offered(behaviour: str, name: str = "it", **fields: Any) -> Produce:
    def produce(gateway: Gateway, _: pytest.MonkeyPatch) -> httpx2.Response:
        gateway.offer("it", behaviour, **fields)
        with override_settings(CLOD_UPSTREAM_DEADLINE_S=1, CLOD_FREE_REQUESTS_PER_DAY=0):
            return gateway.complete(name)

    return produce


def changed(kind: Any, **fields: Any) -> Produce:
    def produce(gateway: Gateway, _: pytest.MonkeyPatch) -> httpx2.Response:
        kind.objects.update(**fields)
        snapshots.forget()
        return gateway.complete()

    return produce


def refused_by_the_ledger(refusal: Refusal) -> Produce:
    """What only a race or a broken store makes of it: told by the ledger's door, as it would."""

    def produce(gateway: Gateway, patch: pytest.MonkeyPatch) -> httpx2.Response:
        async def authorise(*_: object) -> None:
            raise refusal

        patch.setattr(holds, "authorise", authorise)
        return gateway.complete()

    return produce


def free_requests_used_up(gateway: Gateway, patch: pytest.MonkeyPatch) -> httpx2.Response:
    Organization.objects.update(pays_after_free_quota=False)
    return offered("paris", is_free=True)(gateway, patch)


def twice_at_once(gateway: Gateway, _: pytest.MonkeyPatch) -> httpx2.Response:
    gateway.offer("slow", "slow")
    gateway.client.headers["idempotency-key"] = "twice-at-once"
    with ThreadPoolExecutor(1) as second:
        first = second.submit(gateway.complete, "slow")
        while not gateway.upstream.journal:
            time.sleep(0.01)
        answer = gateway.complete("slow")
        first.result()
    return answer


def another_body(gateway: Gateway, _: pytest.MonkeyPatch) -> httpx2.Response:
    gateway.client.headers["idempotency-key"] = "another-body"
    gateway.complete()
    return gateway.complete(temperature=1)


def too_often(gateway: Gateway, patch: pytest.MonkeyPatch) -> httpx2.Response:
    changed(ApiKey, requests_per_minute=1)(gateway, patch)
    return gateway.complete()


def without_database(gateway: Gateway, _: pytest.MonkeyPatch) -> httpx2.Response:
    snapshots.forget()
    with database_away():
        return gateway.complete()


def defect(gateway: Gateway, patch: pytest.MonkeyPatch) -> httpx2.Response:
    patch.setattr(pipeline, "make_plan", lambda *_: 1 / 0)
    return gateway.complete()


def get(address: str) -> Produce:
    return lambda gateway, _: gateway.client.get(address)


def posted(**how: Any) -> Produce:
    return lambda gateway, _: gateway.client.post(gateway.path, **how)


NOON = clock.now()
PRODUCED: dict[tuple[int, str], Produce] = {
    (400, "invalid_request"): asked(temperature=9),
    (400, "context_length_exceeded"): asked(messages=[{"role": "user", "content": "word " * 9000}]),
    (400, "no_candidate_left"): asked(provider={"only": ["nowhere"]}),
    (400, "upstream_refused"): offered("refuse"),
    (401, "invalid_api_key"): posted(headers={"authorization": "Bearer nonsense"}, json={}),
    (402, "insufficient_funds"): offered("paris", output_nanousd_per_mtok=20_000_000_000_000),
    (402, "free_quota_exhausted"): free_requests_used_up,
    (402, "project_daily_cap"): changed(Project, daily_cap_nanousd=1),
    (402, "project_monthly_cap"): changed(Project, monthly_cap_nanousd=1),
    (402, "key_daily_cap"): changed(ApiKey, daily_cap_nanousd=1),
    (402, "key_monthly_cap"): changed(ApiKey, monthly_cap_nanousd=1),
    (403, "model_not_allowed"): lambda gateway, _: _limited(gateway),
    (403, "address_not_allowed"): changed(ApiKey, allowed_networks=["192.0.2.0/24"]),
    (403, "organization_suspended"): refused_by_the_ledger(refusals.OrganizationSuspended()),
    (403, "project_archived"): refused_by_the_ledger(refusals.ProjectArchived("Bot")),
    (403, "wallet_frozen"): changed(Wallet, frozen_at=NOON),
    (404, "model_not_found"): asked(model="nothing"),
    (404, "data_center_not_found"): get("/v1/prices/now?data_center=nowhere"),
    (404, "request_not_found"): get("/v1/requests/req_none"),
    (404, "not_found"): get("/v1/nothing"),
    (405, "method_not_allowed"): get("/v1/chat/completions"),
    (409, "idempotency_key_in_use"): twice_at_once,
    (413, "body_too_large"): posted(content=b" " * (settings.CLOD_MAX_BODY_BYTES + 1)),
    (415, "unsupported_content_encoding"): posted(content=b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    (422, "idempotency_key_reused"): another_body,
    (429, "rate_limit_exceeded"): too_often,
    (500, "internal_error"): defect,
    (502, "upstream_error"): offered("error-500"),
    (503, "model_not_available"): changed(Endpoint, active=False),
    (503, "upstream_overloaded"): offered("overloaded-529-7"),
    (503, "price_unavailable"): refused_by_the_ledger(refusals.PriceUnavailable()),
    (503, "ledger_busy"): refused_by_the_ledger(refusals.LedgerBusy()),
    (503, "ledger_unavailable"): refused_by_the_ledger(refusals.LedgerUnavailable()),
    (503, "unavailable"): without_database,
    (504, "upstream_timeout"): offered("hang"),
}
PRODUCED_ELSEWHERE = {
    "invalid_http": "test_bound_connections.py",
    "headers_too_slow": "test_bound_connections.py",
    "headers_too_large": "test_bound_connections.py",
    "too_many_connections": "test_bound_connections.py",
    "too_busy": "test_bound_connections.py",
    "body_too_slow": "test_fuzz.py",
    "idempotent_answer_gone": "test_repeat_a_call.py",
    "idempotent_answer_incomplete": "test_repeat_a_call.py",
    "shutting_down": "test_hang_up.py",
}


def _limited(gateway: Gateway) -> httpx2.Response:
    Project.objects.get(api_keys__isnull=False).allowed_models.add(shop.model("only-this"))
    snapshots.forget()
    return gateway.complete()


def _kinds(kind: type[Refusal]) -> set[type[Refusal]]:
    return {kind} | {each for below in kind.__subclasses__() for each in _kinds(below)}


def test_the_page_has_every_code_and_no_other() -> None:
    real = {(kind.status, kind.code) for kind in _kinds(Refusal) if kind.__module__.startswith(GATEWAY)}
    assert real - {(403, "not_allowed")} == PAGE


def test_every_code_of_the_page_is_produced_by_a_test() -> None:
    here = {code for _, code in PRODUCED}
    assert {code for _, code in PAGE} == here | set(PRODUCED_ELSEWHERE)
    for code, file in PRODUCED_ELSEWHERE.items():
        assert code in Path(__file__).with_name(file).read_text()


@FAST_LANE
@pytest.mark.parametrize("error", PRODUCED, ids=lambda error: error[1])
def test_it_is_answered_as_the_page_says(gateway: Gateway, error: tuple[int, str], monkeypatch: pytest.MonkeyPatch) -> None:
    response = PRODUCED[error](gateway, monkeypatch)
    monkeypatch.undo()
    said = response.json()["error"]
    assert (response.status_code, said["code"]) == error
    assert {"message", "type", "param", "code"} <= set(said)
    assert len(said["message"]) > 20
    assert response.headers["x-request-id"].startswith("req_")
    assert response.headers.get("x-clod-cost-usd", "0") == "0"
