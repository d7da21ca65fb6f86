"""Tags choose among endpoints, at both doors: whatever their order, the same endpoint answers, and it is the right one."""

import itertools
from collections.abc import Iterator

import pytest

from catalog import stats
from catalog.models import Endpoint, Model
from gateway import snapshots
from tests.gateway import shop
from tests.gateway.conftest import Gateway

TAGS = ("price", "latency", "token_rate")
CALLS = 200  # measured before; those of the test do not move the medians

#             price of list, ms to the first token, tokens per second
ENDPOINTS = {
    "cheap": (1_000_000, 400, 40),
    "quick": (2_000_000, 100, 55),
    "fluent": (1_600_000, 200, 100),
    "fair": (1_250_000, 160, 80),
}

# By hand, relative to the best of each column:
#            price   latency   token_rate
#   cheap    1       0.25      0.40
#   quick    0.5     1         0.55
#   fluent   0.625   0.5       1
#   fair     0.8     0.625     0.80
RIGHT = {
    ("price",): "cheap",
    ("latency",): "quick",
    ("token_rate",): "fluent",
    ("price", "latency"): "quick",  # 0.75, then fair with 0.7125
    ("price", "token_rate"): "fluent",  # 0.8125, then fair with 0.80
    ("latency", "token_rate"): "quick",  # 0.775, then fluent with 0.75
    ("price", "latency", "token_rate"): "fair",  # 0.742, then fluent with 0.708
}
ORDERS = [(order, right) for tags, right in RIGHT.items() for order in itertools.permutations(tags)]


@pytest.fixture
def measured(gateway: Gateway) -> Iterator[Model]:
    """A third-party model at four providers, whose speeds are known from many calls."""
    model = shop.model("llama", category="third_party")
    for name, (price_ppm, _, _) in ENDPOINTS.items():
        shop.endpoint(model, gateway.upstream.base_url, "paris", at=name, price_ppm=price_ppm)
    snapshots.forget()
    for endpoint in Endpoint.objects.filter(model=model).select_related("provider"):
        _, ttft_ms, rate = ENDPOINTS[endpoint.provider.slug]
        for _ in range(CALLS):
            stats.observe(endpoint.pk, ttft_ms=ttft_ms, tokens_per_s=rate)
    yield model
    stats.forget()


def test_every_order_of_every_set_of_tags_leads_to_the_right_endpoint(gateway: Gateway, measured: Model) -> None:
    assert len(ORDERS) == 15
    for order, right in ORDERS:
        row = gateway.row(gateway.complete("@".join(("llama", *order)), max_completion_tokens=7))
        assert row.provider == right, order
        assert row.routing["strategy"].split("+") == list(order)


def test_a_tag_given_twice_counts_once_and_case_does_not_matter(gateway: Gateway, measured: Model) -> None:
    assert gateway.row(gateway.complete("llama@Price@latency@PRICE", max_completion_tokens=7)).provider == "quick"


def test_the_order_of_the_catalog_changes_nothing(gateway: Gateway, measured: Model) -> None:
    """The same four once more, the other way round."""
    twin = shop.model("twin", category="third_party")
    for name in reversed(ENDPOINTS):
        price_ppm, ttft_ms, rate = ENDPOINTS[name]
        endpoint = shop.endpoint(twin, gateway.upstream.base_url, "paris", at=name, price_ppm=price_ppm)
        for _ in range(CALLS):
            stats.observe(endpoint.pk, ttft_ms=ttft_ms, tokens_per_s=rate)
    snapshots.forget()
    for tags, right in RIGHT.items():
        assert gateway.row(gateway.complete("@".join(("twin", *tags)), max_completion_tokens=7)).provider == right


def test_strategies_alone_choose_among_all_models_the_key_may_use(gateway: Gateway, measured: Model) -> None:
    """paris, at $1 and $4, is the only other one, and nobody has measured it: it scores the mean."""
    assert gateway.row(gateway.complete("@latency", max_completion_tokens=7)).provider == "quick"
    assert gateway.row(gateway.complete("@token_rate", max_completion_tokens=7)).provider == "fluent"


def test_who_asks_hears_scores_and_formula(gateway: Gateway, measured: Model) -> None:
    response = gateway.complete("llama@latency@price@token_rate", max_completion_tokens=7)
    told = gateway.client.get(gateway.path.replace("chat/completions", f"requests/{response.headers['x-request-id']}")).json()["routing"]
    first, second, *_ = told["candidates"]
    assert first["score"] == pytest.approx((0.8 + 0.625 + 0.8) / 3, abs=0.02)
    assert first["scores"] == pytest.approx({"price": 0.8, "latency": 0.625, "token_rate": 0.8}, abs=0.04)
    assert second["lost"].startswith("score 0.70")
    assert "latency = shortest time to the first token ÷ time to the first token" in told["formula"]
    assert "score = the average of these" in told["formula"]


def test_a_real_call_is_measured(gateway: Gateway, measured: Model) -> None:
    stats.forget()
    gateway.stream("llama@price")
    (seen,) = stats.current().values()
    assert seen.ttft_ms is not None
    assert seen.tokens_per_s is not None
    stats.forget()
    gateway.complete("llama@price", max_completion_tokens=7)
    (seen,) = stats.current().values()
    assert seen.ttft_ms is None, "a whole answer tells nothing of its first token"
    assert seen.tokens_per_s is not None


def test_who_answers_in_place_of_another_is_not_blamed_for_it(gateway: Gateway) -> None:
    """slow-error takes half a second to fail."""
    model = shop.model("pair", category="third_party")
    shop.endpoint(model, gateway.upstream.base_url, "slow-error", at="first", price_ppm=500_000)
    second = shop.endpoint(model, gateway.upstream.base_url, "paris", at="second")
    snapshots.forget()
    gateway.stream("pair@price")
    row = gateway.settled()
    assert row.attempts == 2
    assert row.ttft_ms is not None
    assert row.ttft_ms >= 500
    seen = stats.current()[second.pk].ttft_ms
    assert seen is not None
    assert seen < row.ttft_ms - 300
