"""A caller who leaves the choice of a model to us is answered by the best they can pay for, and told why."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import override_settings

from accounts.models import Organization
from catalog import stats
from catalog.models import Endpoint
from gateway import snapshots
from projects.models import Project
from tests.gateway import shop
from tests.gateway.conftest import Gateway

TOO_DEAR = 20_000_000_000_000


@pytest.fixture
def dear(gateway: Gateway) -> Gateway:
    """Beside Paris a model that answers sooner and costs more than the wallet has."""
    gateway.offer("dear", "paris", output_nanousd_per_mtok=TOO_DEAR)
    _answers_in(1, "dear")
    _answers_in(100, "paris")
    return gateway


def _answers_in(ttft_ms: int, model: str) -> None:
    stats.observe(Endpoint.objects.get(model__slug=model).pk, ttft_ms=ttft_ms, tokens_per_s=10)


def test_a_bare_tag_goes_to_the_best_that_can_be_paid(dear: Gateway) -> None:
    response = dear.complete("@latency")
    row = dear.row(response)
    assert (response.status_code, row.model, row.cost_nanousd) == (200, "paris", 48_000)
    assert row.routing["won_by"] == "first that can be paid for"
    assert [(fact["model"], fact["lost"]) for fact in row.routing["candidates"]] == [("paris", ""), ("dear", "cannot be paid for now")]
    assert "the wallet has $10.00 available" in row.routing["wallet"]


def test_so_does_a_list_of_models(dear: Gateway) -> None:
    assert dear.row(dear.complete("dear", models=["paris"])).model == "paris"


def test_a_model_that_is_named_is_not_exchanged(dear: Gateway) -> None:
    for name in ("dear", "dear@latency"):
        assert dear.complete(name).json()["error"]["code"] == "insufficient_funds"
    response = dear.complete("@latency", provider={"allow_fallbacks": False})
    assert response.json()["error"]["code"] == "insufficient_funds"


def test_when_all_are_too_dear_the_first_one_s_refusal_is_told(dear: Gateway) -> None:
    Project.objects.update(daily_cap_nanousd=1)
    error = dear.complete("@latency").json()["error"]
    assert (error["code"], float(error["needed_usd"]) > 20) == ("project_daily_cap", True)
    assert not dear.upstream.journal


def test_a_cap_turns_it_to_the_cheaper_one(dear: Gateway) -> None:
    Project.objects.update(daily_cap_nanousd=1_000_000_000)
    assert dear.row(dear.complete("@latency")).model == "paris"


def test_what_only_the_fallbacks_make_dear_is_answered_by_the_first(gateway: Gateway) -> None:
    gateway.offer("chatty", "paris", output_nanousd_per_mtok=1_000_000_000_000, max_output_tokens=100_000, context_window=200_000)
    gateway.offer("swift", "paris", output_nanousd_per_mtok=1_000_000_000_000)
    _answers_in(1, "swift")
    _answers_in(10, "chatty")
    assert gateway.row(gateway.complete("@latency")).model == "swift"


@override_settings(CLOD_FREE_REQUESTS_PER_DAY=1)
def test_after_the_free_requests_come_the_models_that_are_paid(gateway: Gateway) -> None:
    Organization.objects.update(pays_after_free_quota=False)
    shop.endpoint(shop.model("gift", is_free=True), gateway.upstream.base_url, "paris")
    snapshots.forget()
    _answers_in(1, "gift")
    _answers_in(100, "paris")
    assert [gateway.row(gateway.complete("@latency")).model for _ in range(2)] == ["gift", "paris"]


def test_an_idempotency_key_repeats_the_answer_that_was_paid(dear: Gateway) -> None:
    dear.client.headers["idempotency-key"] = "once"
    first, second = dear.complete("@latency"), dear.complete("@latency")
    assert first.content == second.content
    assert second.headers["idempotent-replayed"] == "true"


def test_many_at_once_share_what_is_left(dear: Gateway) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: dear.complete("@latency"), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert {dear.row(answer).model for answer in answers} == {"paris"}
