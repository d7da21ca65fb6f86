"""Which endpoint answers a request, and what the caller is told about it."""

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from catalog import names, routing
from catalog.decisions import Decision, Reason
from catalog.demands import Demands
from catalog.names import ModelNotFound
from catalog.preferences import Preferences
from catalog.routing import Circumstances, ModelNotAllowed, ModelNotAvailable
from catalog.snapshot import Catalog, Electricity, ModelCard, Route, Tick
from catalog.stats import Observed

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
USD = 10**6
TAGS = ("price", "latency", "token_rate")


def route(endpoint: int, *, electricity: float | None = None, price: int = 100, fee: int = 0, model: str = "llama") -> Route:
    return Route(
        endpoint_id=endpoint,
        model_slug=model,
        provider="clod" if electricity is not None else "vendor",
        data_center=f"dc{endpoint}" if electricity is not None else "",
        data_center_name="",
        base_url="http://127.0.0.1:1/v1",
        upstream_model="m",
        adapter="openai",
        cancel_policy="cancel",
        max_concurrency=8,
        tick=Tick(endpoint, NOON, price, price, 10**6, fee),
        electricity=None if electricity is None else Electricity(round(electricity * USD), round(electricity * USD), 1.25),
        credential="sk-secret",
    )


def card(slug: str, *routes: Route, category: str = "hosted") -> ModelCard:
    return ModelCard(slug, slug.title(), f"v/{slug}", "V", category, False, ("text",), 8192, 1024, 100, 100, NOON, routes)


def catalog(*cards: ModelCard) -> Catalog:
    return Catalog(1, {card.slug: card for card in cards}, names.index(cards))


def sites(*electricity: float, going_to: str = "") -> Catalog:
    """One hosted model at data centers 1, 2, … with these electricity prices, and the one that was decided for."""
    made = card("llama", *(route(n, electricity=usd) for n, usd in enumerate(electricity, 1)))
    return catalog(msgspec.structs.replace(made, going_to=going_to))


def ask(found: Catalog, text: str = "llama", **options: Any) -> Decision:
    now = {"allowed": None, "stats": {}, "unavailable": frozenset()} | options
    return routing.order(found, [names.parse(text)], Circumstances(**now))


def ids(decision: Decision) -> list[int]:
    return [route.endpoint_id for _, route in decision.candidates]


def seen(**by_endpoint: tuple[float, float]) -> Mapping[int, Observed]:
    return {int(key[1:]): Observed(ttft_ms, rate) for key, (ttft_ms, rate) in by_endpoint.items()}


# --- no tag --------------------------------------------------------------------------------------


def test_a_hosted_model_goes_to_the_cheapest_electricity() -> None:
    decision = ask(sites(40, 25, 30))
    assert ids(decision) == [2, 3, 1]
    assert decision.explanation["strategy"] == "energy"


def test_a_third_party_model_goes_to_the_lowest_price_fee_included() -> None:
    found = catalog(card("gpt", route(1, price=104), route(2, price=100, fee=500), route(3, price=103), category="third_party"))
    assert ids(ask(found, "gpt")) == [3, 1, 2]


def test_other_providers_of_a_hosted_model_come_after_its_data_centers() -> None:
    found = catalog(card("llama", route(1, price=1), route(2, electricity=90), route(3, electricity=40)))
    assert ids(ask(found)) == [3, 2, 1]


def test_prices_are_compared_for_three_prompt_tokens_to_one_answered() -> None:
    first, second = route(1), route(2)
    tick = Tick(2, NOON, 90, 129, 10**6, 0)
    second = Route(**{field: getattr(second, field) for field in second.__struct_fields__} | {"tick": tick})
    assert ids(ask(catalog(card("gpt", first, second)), "gpt@price")) == [2, 1]


def test_requests_go_where_it_was_decided_though_another_site_is_a_little_cheaper() -> None:
    decision = ask(sites(30, 27, going_to="dc1"))
    assert ids(decision) == [1, 2]
    assert decision.explanation["won_by"] == "cheapest electricity, or not dearer by enough for long enough to move"
    assert decision.explanation["candidates"][1]["lost"] == "electricity $3.00/MWh cheaper, which does not make up for moving"


def test_a_site_that_fails_is_left_at_once_and_gone_back_to_when_it_is_well() -> None:
    found = sites(30, 27, 26, going_to="dc1")
    failing = ask(found, unavailable=frozenset({1}))
    assert ids(failing) == [3, 2]
    assert failing.explanation["won_by"] == "cheapest electricity of those that can take this call"
    assert ids(ask(found)) == [1, 3, 2]


def test_what_one_caller_leaves_out_moves_that_caller_only() -> None:
    found = sites(20, 30, going_to="dc1")
    picky = Circumstances(None, {}, frozenset(), demands=Demands(Preferences(ignore=("dc1",))))
    assert ids(routing.order(found, [names.parse("llama")], picky)) == [2]
    assert ids(ask(found)) == [1, 2]


def test_a_conversation_stays_where_it_was() -> None:
    decision = ask(sites(40, 25, 30), sticky=1)
    assert ids(decision) == [1, 2, 3]
    assert decision.explanation["won_by"] == "answered this conversation before, and costs no more than where it would go now"
    assert decision.quoted is not None
    assert decision.quoted.endpoint_id == 2
    assert ask(sites(40, 25, 30)).quoted is None


def test_a_conversation_moves_when_its_endpoint_is_gone() -> None:
    assert ids(ask(sites(40, 25, 30), sticky=1, unavailable=frozenset({1}))) == [2, 3]


# --- strategies ----------------------------------------------------------------------------------


def test_the_price_tag_means_the_price_and_not_the_electricity() -> None:
    found = catalog(card("llama", route(1, electricity=20, price=100), route(2, electricity=60, price=90)))
    assert ids(ask(found)) == [1, 2]
    assert ids(ask(found, "llama@price")) == [2, 1]


def test_the_latency_and_token_rate_tags_follow_what_was_measured() -> None:
    stats = seen(e1=(300, 90), e2=(100, 30), e3=(200, 60))
    assert ids(ask(sites(20, 30, 40), "llama@latency", stats=stats)) == [2, 3, 1]
    assert ids(ask(sites(20, 30, 40), "llama@token_rate", stats=stats)) == [1, 3, 2]


def test_all_orderings_of_tags_choose_the_same_endpoint() -> None:
    stats = seen(e1=(300, 90), e2=(100, 60), e3=(200, 70))
    for count, expected in ((2, None), (3, [2, 1, 3])):
        for tags in itertools.combinations(TAGS, count):
            orders = {
                tuple(ids(ask(sites(20, 30, 40), "@".join(("llama", *order)), stats=stats))) for order in itertools.permutations(tags)
            }
            assert len(orders) == 1
            assert expected is None or orders == {tuple(expected)}


def test_a_sticky_endpoint_does_not_overrule_a_strategy() -> None:
    assert ids(ask(sites(20, 30), "llama@latency", stats=seen(e1=(300, 1), e2=(100, 1)), sticky=1)) == [2, 1]


def test_a_bare_tag_chooses_among_all_models_the_key_may_use() -> None:
    found = catalog(
        card("llama", route(1, electricity=20, price=50)),
        card("gpt", route(2, price=10, model="gpt"), category="third_party"),
        card("qwen", route(3, electricity=20, price=30, model="qwen")),
    )
    assert ids(ask(found, "@price")) == [2, 3, 1]
    assert ids(ask(found, "@price", allowed=frozenset({"llama", "qwen"}))) == [3, 1]


def test_at_most_twelve_candidates_are_kept() -> None:
    decision = ask(catalog(card("llama", *(route(n, electricity=n) for n in range(1, 40)))), "@price")
    assert len(decision.candidates) == len(decision.explanation["candidates"]) == 12
    assert decision.explanation["not_shown"] == 27


# --- several models ------------------------------------------------------------------------------


def ask_in_turn(found: Catalog, *texts: str) -> Decision:
    return routing.order(found, [names.parse(text) for text in texts], Circumstances(None, {}, frozenset()))


def test_each_of_several_models_is_among_the_first_three() -> None:
    llama = card("llama", *(route(n, electricity=n) for n in (1, 2, 3, 4)))
    gpt = card("gpt", route(5, price=10, model="gpt"), route(6, price=20, model="gpt"), category="third_party")
    qwen = card("qwen", route(7, electricity=1, model="qwen"))
    found = catalog(llama, gpt, qwen)
    assert ids(ask_in_turn(found, "llama", "gpt")) == [1, 2, 5, 3, 4, 6]
    assert ids(ask_in_turn(found, "llama", "gpt", "qwen")) == [1, 5, 7, 2, 3, 4, 6]
    assert ids(ask_in_turn(found, "qwen", "llama")) == [7, 1, 2, 3, 4]


def test_an_endpoint_two_names_lead_to_is_tried_once() -> None:
    assert ids(ask_in_turn(sites(20, 30, 10), "llama", "llama@price")) == [3, 1, 2]


# --- refusals ------------------------------------------------------------------------------------


def test_a_model_the_key_may_not_use_is_refused() -> None:
    with pytest.raises(ModelNotAllowed) as refused:
        ask(sites(20), allowed=frozenset({"gpt"}))
    assert (refused.value.status, refused.value.code) == (403, "model_not_allowed")
    assert "may not use Llama" in refused.value.message


@pytest.mark.parametrize("text", ["@latency", "llama"])
def test_a_key_without_models_is_refused(text: str) -> None:
    with pytest.raises(ModelNotAllowed):
        ask(sites(20), text, allowed=frozenset())


def test_a_model_without_a_route_is_listed_but_not_configured() -> None:
    with pytest.raises(ModelNotAvailable) as refused:
        ask(catalog(card("llama")))
    assert (refused.value.status, refused.value.code, refused.value.extra) == (503, "model_not_available", {"constraint": "endpoints"})
    assert "listed in the catalog but has no endpoint configured here" in refused.value.message


def test_a_model_whose_endpoints_all_fail_says_so_and_when_to_come_back() -> None:
    with pytest.raises(ModelNotAvailable) as refused:
        ask(sites(20, 30), unavailable=frozenset({1, 2}))
    assert refused.value.extra == {"constraint": "health"}
    assert refused.value.retry_after_s
    assert "2 endpoints here, and all of them have failed lately" in refused.value.message


def test_a_bare_tag_with_nothing_to_choose_from_says_so() -> None:
    with pytest.raises(ModelNotAvailable, match="Each of the 2 models that may be called is listed"):
        ask(catalog(card("llama"), card("gpt")), "@price")


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(ModelNotFound):
        ask(sites(20), "lama 9")


# --- the explanation -----------------------------------------------------------------------------


def test_every_decision_can_be_stored_and_says_why_each_candidate_lost() -> None:
    stats = seen(e1=(300, 90), e2=(100, 30))
    for text in ("llama", "llama@price", "llama@latency@token_rate"):
        explanation = ask(sites(20, 30, 40, 50), text, stats=stats, unavailable=frozenset({4})).explanation
        assert json.loads(json.dumps(explanation)) == explanation
        first, *others = explanation["candidates"]
        assert first["lost"] == ""
        assert all(row["lost"] for row in others)
        gone = {"endpoint": 4, "model": "llama", "provider": "clod", "data_center": "dc4", "lost": "failed lately", "constraint": "health"}
        assert explanation["excluded"] == [gone]
        assert "sk-secret" not in json.dumps(explanation)


def test_the_explanation_of_a_strategy_shows_the_scores_behind_the_order() -> None:
    row = ask(sites(20, 30), "llama@price@latency", stats=seen(e1=(200, 10), e2=(100, 10))).explanation["candidates"][1]
    assert row["scores"] == {"latency": 0.5, "price": 1.0}
    assert (row["score"], row["ttft_ms"], row["lost"]) == (0.75, 200, "score 0.750 against 1.000")


# --- decided once for many calls -----------------------------------------------------------------


class Wants(Demands):
    """A call that this endpoint cannot take."""

    def __init__(self, not_at: int) -> None:
        super().__init__()
        self._not_at = not_at

    def of_endpoint(self, card: ModelCard, route: Route) -> Reason | None:
        return Reason("adapter", "cannot take this") if route.endpoint_id == self._not_at else None


UNUSUAL: list[dict[str, Any]] = [
    {"text": "llama@price"},
    {"text": "LLaMA"},
    {"unavailable": frozenset({2})},
    {"full": frozenset({2})},
    {"sticky": 3},
    {"demands": Wants(not_at=2)},
    {"demands": Demands(Preferences(order=["dc1"]))},
    {"allowed": frozenset({"llama", "other"})},
]


@pytest.mark.parametrize("other", UNUSUAL)
def test_what_was_decided_for_others_changes_nothing(other: dict[str, Any]) -> None:
    usual, unusual = ask(sites(40, 25, 30)), ask(sites(40, 25, 30), **other)
    found = sites(40, 25, 30)
    assert [ask(found), ask(found, **other), ask(found), ask(found, **other)] == [usual, unusual, usual, unusual]


def test_the_usual_decision_is_made_once_for_a_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    by_default = routing._by_default
    monkeypatch.setattr(routing, "_by_default", lambda *arguments: made.append("once") or by_default(*arguments))
    found = sites(40, 25, 30)
    assert ask(found) is ask(found)
    assert made == ["once"]
    assert ids(ask(sites(40, 60, 30))) == [3, 1, 2]
    assert len(made) == 2


def test_what_a_fallback_adds_to_the_reasons_is_in_that_call_s_alone() -> None:
    found = catalog(card("llama", route(1)), card("other", route(2, model="other")))
    usual = ask(found)
    both = routing.order(found, [names.parse("llama"), names.parse("other")], Circumstances(None, {}, frozenset()))
    assert "fallbacks" in both.explanation
    assert "fallbacks" not in usual.explanation
    assert ask(found) == usual


def test_no_more_decisions_are_kept_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing._Decided, "MOST", 2)
    found = sites(40, 25)
    for spelling in ("llama", "Llama", "LLAMA", "llAma"):
        ask(found, spelling)
    assert len(routing._decided._kept[1]) <= 2


def test_who_may_not_use_the_model_is_refused_after_others_have_used_it() -> None:
    found = sites(40, 25)
    ask(found)
    with pytest.raises(ModelNotAllowed):
        ask(found, allowed=frozenset({"other"}))
    with pytest.raises(routing.WrongOperation):
        ask(found, operation="embeddings")
