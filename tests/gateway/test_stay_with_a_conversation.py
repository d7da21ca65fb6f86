"""A conversation stays at the data center that has its beginning in its cache, and pays no more for it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from catalog import health, versions
from catalog.energy import routed
from catalog.energy.delivered import slot_of
from catalog.models import DataCenter, DeliveredPrice, Endpoint, PriceTick, RoutedSite
from clod_site.lib import clock
from gateway import conversations, snapshots
from projects import keys
from projects.models import Project
from tests.gateway import shop
from tests.gateway.conftest import Gateway

USD = 10**6
HELLO = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is the capital of France?"}]
MORE = [*HELLO, {"role": "assistant", "content": "Paris."}, {"role": "user", "content": "And of Spain?"}]
STILL_MORE = [*MORE, {"role": "assistant", "content": "Madrid."}, {"role": "user", "content": "And of Italy?"}]


@pytest.fixture(autouse=True)
def nothing_said() -> Iterator[None]:
    conversations.forget()
    yield
    conversations.forget()


def cheapest(slug: str) -> None:
    """From now on electricity, and with it the price, is lowest there."""
    slot = slot_of(clock.now())
    DeliveredPrice.objects.all().delete()
    RoutedSite.objects.all().delete()
    for site in DataCenter.objects.all():
        dollars = 20 if site.slug == slug else 60
        row = dict.fromkeys(("wholesale", "delivered", "smoothed"), dollars * USD) | {"reference": 50 * USD}
        fields = {f"{name}_microusd_per_mwh": value for name, value in row.items()}
        DeliveredPrice.objects.create(data_center=site, interval_start=slot, source="test", **fields)
    routed.publish(slot)
    for endpoint in Endpoint.objects.filter(model__slug="duo"):
        ppm = 700_000 if endpoint.data_center and endpoint.data_center.slug == slug else 1_200_000
        PriceTick.objects.create(
            endpoint=endpoint,
            valid_from=clock.now(),
            input_nanousd_per_mtok=shop.INPUT * ppm // 10**6,
            output_nanousd_per_mtok=shop.OUTPUT * ppm // 10**6,
            multiplier_ppm=ppm,
        )
    versions.bump()
    snapshots.forget()


@pytest.fixture
def duo(gateway: Gateway) -> Gateway:
    """A model at two data centers; dfw has the cheaper electricity."""
    model = shop.model("duo")
    for slug in ("dfw", "buf"):
        shop.endpoint(model, gateway.upstream.base_url, "paris", at=slug)
    cheapest("dfw")
    return gateway


def where(gateway: Gateway, messages: list[dict[str, Any]], model: str = "duo", **fields: Any) -> str:
    response = gateway.complete(model, messages=messages, **fields)
    assert response.status_code == 200, response.text
    return response.headers["x-clod-data-center"]


def test_the_next_turn_goes_where_the_last_one_was_answered(duo: Gateway) -> None:
    assert where(duo, HELLO) == "dfw"
    cheapest("buf")
    assert where(duo, MORE) == "dfw"
    assert where(duo, STILL_MORE) == "dfw"
    assert where(duo, HELLO) == "buf", "the same question is not the same conversation"


def test_a_stream_is_a_turn_too(duo: Gateway) -> None:
    duo.stream("duo", messages=HELLO)
    cheapest("buf")
    assert where(duo, MORE) == "dfw"


def test_whoever_stays_pays_no_more_than_where_others_go(duo: Gateway) -> None:
    where(duo, HELLO)
    cheapest("buf")
    row = duo.row(duo.complete("duo", messages=MORE))
    assert row.data_center == "dfw"
    assert row.price_tick is not None
    assert row.price_tick.endpoint.data_center.slug == "buf"  # type: ignore[union-attr]
    assert row.cost_nanousd == (20 * shop.INPUT + 7 * shop.OUTPUT) * 7 // 10 // 10**6
    assert row.routing["won_by"] == "answered this conversation before, and costs no more than where it would go now"
    assert row.routing["candidates"][1]["lost"] == "the conversation stays where its last turn was answered"
    assert row.routing["quoted"]["data_center"] == "buf"
    assert row.routing["quoted"]["price_tick"] == row.price_tick_id


def test_whoever_stays_where_it_is_cheaper_pays_that(duo: Gateway) -> None:
    where(duo, HELLO)
    RoutedSite.objects.update(data_center=DataCenter.objects.get(slug="buf"))
    versions.bump()
    snapshots.forget()
    row = duo.row(duo.complete("duo", messages=MORE))
    assert row.data_center == "dfw"
    assert row.cost_nanousd == (20 * shop.INPUT + 7 * shop.OUTPUT) * 7 // 10 // 10**6


def test_tools_called_in_between_are_the_same_conversation(duo: Gateway) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    after = [*HELLO, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}]
    assert where(duo, HELLO) == "dfw"
    cheapest("buf")
    assert where(duo, after) == "dfw"


@pytest.mark.parametrize(
    "changed",
    [
        [{"role": "system", "content": "Be long."}, *MORE[1:]],
        MORE[1:],
        [HELLO[1], HELLO[0], *MORE[2:]],
        [{"role": "assistant", "content": "Paris."}, {"role": "user", "content": "And of Spain?"}],
    ],
    ids=["another beginning", "a forgotten beginning", "another order", "begins with an answer"],
)
def test_another_history_is_another_conversation(duo: Gateway, changed: list[dict[str, Any]]) -> None:
    where(duo, HELLO)
    cheapest("buf")
    assert where(duo, changed) == "buf"


def test_another_project_s_words_are_its_own(duo: Gateway, project: Project) -> None:
    where(duo, HELLO)
    cheapest("buf")
    other = Project.objects.create(organization=project.organization, name="other")
    _, key = keys.generate(other, name="other", actor=project.organization.memberships.first().user)  # type: ignore[union-attr]
    response = duo.client.post(duo.path, json={"model": "duo", "messages": MORE}, headers={"authorization": f"Bearer {key}"})
    assert response.headers["x-clod-data-center"] == "buf"


def test_a_strategy_is_stronger(duo: Gateway) -> None:
    where(duo, HELLO)
    cheapest("buf")
    assert where(duo, MORE, model="duo@price") == "buf"
    assert where(duo, MORE, provider={"sort": "price"}) == "buf"


def test_an_endpoint_that_fails_is_left(duo: Gateway) -> None:
    where(duo, HELLO)
    cheapest("buf")
    endpoint = Endpoint.objects.get(data_center__slug="dfw", model__slug="duo")
    for _ in range(health.FAILURES_TO_EJECT):
        health.failed(endpoint.pk)
    assert where(duo, MORE) == "buf"
    health.forget()
    assert where(duo, STILL_MORE) == "buf", "its cache is at buf now"


def test_a_call_that_fails_is_not_a_turn(duo: Gateway) -> None:
    Endpoint.objects.filter(model__slug="duo", data_center__slug="dfw").update(upstream_model="refuse")
    versions.bump()
    snapshots.forget()
    assert duo.complete("duo", messages=HELLO).status_code == 400
    cheapest("buf")
    assert where(duo, MORE) == "buf"


def test_after_half_an_hour_the_cache_is_cold(duo: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(REDIS_URL=""):
        monkeypatch.setattr(conversations, "KEPT_S", 0)
        where(duo, HELLO)
        cheapest("buf")
        assert where(duo, MORE) == "buf"


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "MOST_KEPT", 3)
    for number in range(5):
        conversations._local.keep(bytes([number]), number)
    assert [conversations._local.find(bytes([number])) for number in range(5)] == [None, None, 2, 3, 4]


with_redis = pytest.mark.skipif(not settings.REDIS_URL, reason="this round has no Redis, so each process knows its own turns")


@with_redis
def test_the_next_turn_may_come_to_another_process(duo: Gateway) -> None:
    where(duo, HELLO)
    cheapest("buf")
    conversations.forget()
    assert where(duo, MORE) == "dfw"


@with_redis
def test_with_redis_away_turns_go_where_others_go(duo: Gateway) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"):
        assert where(duo, HELLO) == "dfw"
        cheapest("buf")
        assert where(duo, MORE) == "dfw"
        conversations.forget()
        assert where(duo, STILL_MORE) == "buf"
