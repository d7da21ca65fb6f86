"""What the upstream will bill us for each attempt, by the way the call ended."""

import pytest

from billing.models import Attempt
from catalog.models import CancelPolicy
from tests.gateway import shop
from tests.gateway.conftest import Gateway

# 12 tokens in, 9 out at $1 and $4 a million
ANSWERED, DEARER = 48_000, 96_000
ABSURD = 10**12 * shop.OUTPUT // 10**6  # and the tokens of the prompt


def booked(gateway: Gateway, *behaviours: str) -> list[int]:
    """A call of a third party's model whose endpoints behave like this, the first one being the cheapest."""
    model = shop.model("gpt", category="third_party")
    for number, behaviour in enumerate(behaviours):
        shop.endpoint(model, gateway.upstream.base_url, behaviour, at=f"party-{number}", price_ppm=1_000_000 * (1 + number), fee=500)
    row = gateway.row(gateway.complete("gpt@price"))
    return list(Attempt.objects.filter(request_id=row.id).order_by("number").values_list("upstream_cost_nanousd", flat=True))


@pytest.mark.parametrize(
    ("behaviours", "costs"),
    [
        (("paris",), [ANSWERED]),
        (("zero-usage",), [0]),
        (("error-500", "paris"), [0, DEARER]),
        (("error-500", "error-401"), [0, 0]),
        (("refuse", "paris"), [0]),
    ],
    ids=["answered", "zero", "failed over", "all failed", "refused"],
)
def test_a_third_party_bills_the_attempt_that_answered(gateway: Gateway, behaviours: tuple[str, ...], costs: list[int]) -> None:
    """Before our fee, at its own price, also where the client pays the lower one of the endpoint that failed."""
    assert booked(gateway, *behaviours) == costs


def test_a_third_party_bills_what_a_broken_stream_had_written(gateway: Gateway) -> None:
    model = shop.model("gpt", category="third_party")
    shop.endpoint(model, gateway.upstream.base_url, "cut-mid-stream", at="party", fee=500)
    gateway.stream("gpt")
    row = gateway.settled()
    assert row.status == "truncated"
    assert Attempt.objects.get().upstream_cost_nanousd == row.cost_nanousd - row.fee_nanousd > 0


def test_our_own_data_centers_bill_nobody(gateway: Gateway) -> None:
    gateway.complete()
    assert Attempt.objects.get().upstream_cost_nanousd == 0


def test_an_absurd_usage_is_booked_as_claimed(gateway: Gateway) -> None:
    assert booked(gateway, "huge-usage")[0] > ABSURD


def test_a_third_party_that_bills_nothing_when_stopped_is_booked_nothing(gateway: Gateway) -> None:
    model = shop.model("gpt", category="third_party")
    generous = shop.provider("generous", cancel_policy=CancelPolicy.NO_BILL)
    shop.endpoint(model, gateway.upstream.base_url, "forever", at="generous", provider=generous, fee=500)
    body = {"model": "gpt", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    with gateway.client.stream("POST", gateway.path, json=body) as answer:
        next(answer.iter_lines())
    row = gateway.settled()
    assert (row.status, row.cost_nanousd > 0, Attempt.objects.get().upstream_cost_nanousd) == ("client_closed", True, 0)
