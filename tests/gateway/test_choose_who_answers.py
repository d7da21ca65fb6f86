"""Fallback models, provider preferences, what models can do: who is asked, what is charged, and what is said when nobody is left."""

from typing import Any

import pytest

from billing.models import Hold, LedgerEntry
from catalog.models import Model
from gateway import snapshots
from tests.gateway import shop
from tests.gateway.conftest import Gateway

IMAGE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]


@pytest.fixture
def trio(gateway: Gateway) -> Model:
    """A third-party model at three providers, the cheapest first; all pay the routing fee."""
    model = shop.model("trio", category="third_party")
    for name, ppm in (("cheap", 800_000), ("middle", 1_000_000), ("dear", 1_500_000)):
        shop.endpoint(model, gateway.upstream.base_url, "paris", at=name, price_ppm=ppm, fee=500)
    snapshots.forget()
    return model


def who(gateway: Gateway, **fields: Any) -> str:
    response = gateway.complete("trio", **fields)
    assert response.status_code == 200, response.text
    return gateway.row(response).provider


def error(gateway: Gateway, model: str = "trio", status: int = 400, **fields: Any) -> dict[str, Any]:
    response = gateway.complete(model, **fields)
    assert response.status_code == status, response.text
    assert gateway.upstream.journal == []
    said: dict[str, Any] = response.json()["error"]
    return said


# --- provider ------------------------------------------------------------------------------------


def test_only_ignore_order_and_sort_choose_the_provider(gateway: Gateway, trio: Model) -> None:
    assert who(gateway) == "cheap"
    assert who(gateway, provider={"only": ["Dear", "middle"]}) == "middle"
    assert who(gateway, provider={"ignore": ["cheap"]}) == "middle"
    assert who(gateway, provider={"order": ["dear", "cheap"]}) == "dear"
    assert who(gateway, provider={"sort": "price", "ignore": ["cheap", "middle"]}) == "dear"
    assert all("provider" not in seen.body for seen in gateway.upstream.journal)


def test_a_data_center_is_named_like_a_provider(gateway: Gateway) -> None:
    model = shop.model("sites")
    for site, ppm in (("dfw", 800_000), ("buf", 1_200_000)):
        shop.endpoint(model, gateway.upstream.base_url, "paris", at=site, price_ppm=ppm)
    response = gateway.complete("sites", provider={"only": ["buf"]})
    assert response.headers["x-clod-data-center"] == "buf"


def test_max_price_counts_the_routing_fee(gateway: Gateway, trio: Model) -> None:
    assert who(gateway, provider={"max_price": {"prompt": 1.05, "completion": 4.2}, "ignore": ["cheap"]}) == "middle"
    gateway.upstream.journal.clear()
    said = error(gateway, provider={"max_price": {"prompt": 1.04}, "ignore": ["cheap"]})
    assert said["code"] == "no_candidate_left"
    assert "$1.05 per million prompt tokens" in said["message"]


def test_max_price_of_the_whole_request_is_its_hold(gateway: Gateway, trio: Model) -> None:
    said = error(gateway, provider={"max_price": {"request": 0.0001}})
    assert said["constraint"] == said["param"] == "provider.max_price.request"
    assert "more than $0.0000001;" in error(gateway, provider={"max_price": {"request": 0.0000001}})["message"]
    assert who(gateway, provider={"max_price": {"request": 0.001}}, max_tokens=1, messages=[{"role": "user", "content": "?"}]) == "cheap"


def test_without_fallbacks_only_the_first_is_tried(gateway: Gateway) -> None:
    model = shop.model("alone")
    shop.endpoint(model, gateway.upstream.base_url, "error-500", at="dfw", price_ppm=800_000)
    shop.endpoint(model, gateway.upstream.base_url, "paris", at="buf")
    assert gateway.complete("alone@price", provider={"allow_fallbacks": False}).status_code == 502
    assert len(gateway.upstream.journal) == 1
    assert gateway.complete("alone@price").status_code == 200


def test_a_list_emptied_by_the_callers_own_wishes_says_which(gateway: Gateway, trio: Model) -> None:
    said = error(gateway, provider={"only": ["cheap"], "ignore": ["cheap"]})
    assert (said["code"], said["constraint"]) == ("no_candidate_left", "provider.only")
    assert "cheap is in provider.ignore" in said["message"]
    said = error(gateway, provider={"order": ["nowhere"], "allow_fallbacks": False})
    assert said["constraint"] == "provider.order"


def test_who_was_left_out_is_in_the_explanation(gateway: Gateway, trio: Model) -> None:
    routing = gateway.row(gateway.complete("trio", provider={"ignore": ["cheap"], "order": ["dear"]})).routing
    assert [(row["provider"], row["constraint"]) for row in routing["excluded"]] == [("cheap", "provider.ignore")]
    assert routing["won_by"] == "first in provider.order"
    assert [row["provider"] for row in routing["candidates"]] == ["dear", "middle"]


# --- models --------------------------------------------------------------------------------------


def test_a_fallback_answers_at_the_lower_price_and_the_answer_names_it(gateway: Gateway) -> None:
    gateway.offer("broken", "error-500", input_nanousd_per_mtok=shop.INPUT // 2, output_nanousd_per_mtok=shop.OUTPUT // 2)
    response = gateway.complete("broken", models=["paris"])
    row = gateway.row(response)
    assert response.json()["model"] == "Paris"
    assert (row.model, row.requested_model, row.attempts, row.cost_nanousd) == ("paris", "broken", 2, 24_000)
    assert [one["candidates"][0]["model"] for one in row.routing["fallbacks"]] == ["paris"]


def test_a_dearer_first_choice_does_not_make_its_fallback_dearer(gateway: Gateway) -> None:
    gateway.offer("dear", "error-500", input_nanousd_per_mtok=shop.INPUT * 9, output_nanousd_per_mtok=shop.OUTPUT * 9)
    assert gateway.row(gateway.complete("dear", models=["paris"])).cost_nanousd == 48_000


def test_every_model_of_the_list_gets_an_attempt(gateway: Gateway) -> None:
    for slug in ("first", "second"):
        model = shop.model(slug)
        for site in ("dfw", "buf", "nva"):
            shop.endpoint(model, gateway.upstream.base_url, "error-500", at=site)
    snapshots.forget()
    response = gateway.complete("first", models=["second", "paris"])
    assert response.json()["model"] == "Paris"
    assert len(gateway.upstream.journal) == 3


def test_the_hold_covers_the_longest_answer_of_the_list_and_each_gets_its_own_limit(gateway: Gateway) -> None:
    gateway.offer("terse", "error-500", max_output_tokens=10)
    row = gateway.row(gateway.complete("terse", models=["paris"]))
    assert [seen.body["max_tokens"] for seen in gateway.upstream.journal] == [10, 1000]
    assert Hold.objects.get(id=row.id).amount_nanousd > 1000 * shop.OUTPUT // 1_000_000


def test_a_model_that_cannot_is_passed_over_and_an_unknown_one_is_told(gateway: Gateway) -> None:
    gateway.offer("plain", "paris", features=[])
    tools = [{"type": "function", "function": {"name": "f"}}]
    row = gateway.row(gateway.complete("plain", models=["paris"], tools=tools))
    assert row.model == "paris"
    assert row.routing["passed_over"] == ["Plain calls no tools."]
    assert gateway.complete("paris", models=["pariss"]).json()["error"]["param"] == "models[0]"


def test_a_list_with_a_paid_model_is_paid_by_the_wallet(gateway: Gateway) -> None:
    gateway.offer("gift", "error-500", is_free=True)
    assert gateway.complete("gift", models=["paris"]).headers["x-clod-paid-by"] == "wallet"
    assert LedgerEntry.objects.filter(kind="usage").count() == 1


def test_a_free_first_choice_of_any_model_falls_back_to_free_ones_only(gateway: Gateway) -> None:
    gateway.offer("gift", "error-500", is_free=True, input_nanousd_per_mtok=1, output_nanousd_per_mtok=1)
    response = gateway.complete("@price")
    assert response.status_code == 502
    assert [seen.model for seen in gateway.upstream.journal] == ["error-500"]


# --- what models can do --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools", "calls no tools"),
        ({"response_format": {"type": "json_object"}}, "response_format", "JSON mode"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}, "response_format", "JSON schema"),
        ({"reasoning_effort": "low"}, "reasoning_effort", "reasoning"),
        ({"logprobs": True}, "logprobs", "log probabilities"),
        ({"n": 2}, "n", "one answer at a time"),
        ({"modalities": ["audio"], "audio": {"voice": "a", "format": "wav"}}, "modalities", "not audio"),
        ({"messages": [{"role": "user", "content": IMAGE}]}, "messages[0].content[0]", "not image"),
        ({"max_completion_tokens": 1001}, "max_completion_tokens", "at most 1000 tokens; you asked for 1001"),
    ],
)
def test_what_a_model_cannot_do_is_said_before_anything_is_held(gateway: Gateway, fields: dict[str, Any], param: str, words: str) -> None:
    gateway.offer("plain", "paris", features=[])
    said = error(gateway, "plain", **fields)
    assert (said["code"], said["param"]) == ("invalid_request", param)
    assert words in said["message"]
    assert Hold.objects.count() == 0


def test_a_prompt_that_cannot_fit_is_told_both_numbers(gateway: Gateway) -> None:
    said = error(gateway, "paris", messages=[{"role": "user", "content": "word " * 9000}])
    assert said["code"] == "context_length_exceeded"
    assert "8192" in said["message"]
    assert "9000" in said["message"]


def test_a_bare_strategy_passes_over_models_that_cannot(gateway: Gateway) -> None:
    gateway.offer("blind", "paris", input_nanousd_per_mtok=1, output_nanousd_per_mtok=1)
    gateway.offer("seeing", "paris", input_modalities=["text", "image"])
    row = gateway.row(gateway.complete("@price", messages=[{"role": "user", "content": IMAGE}]))
    assert row.model == "seeing"
    assert {one["model"]: one["lost"] for one in row.routing["excluded"]} == dict.fromkeys(["blind", "paris"], "takes text only, not image")


def test_a_bare_strategy_nobody_can_follow_says_what_emptied_the_list(gateway: Gateway) -> None:
    gateway.offer("other", "paris", max_output_tokens=10)
    said = error(gateway, "@price", max_completion_tokens=5000)
    assert (said["code"], said["constraint"]) == ("no_candidate_left", "max_output_tokens")
    assert "Other writes at most 10 tokens" in said["message"]
