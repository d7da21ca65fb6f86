"""An endpoint runs as many calls as it takes; one that comes back from an outage is tried by one call at a time."""

import asyncio
import threading
import time
from collections.abc import Callable

import pytest
from aiohttp import web

from activity.models import Request
from catalog import health, places
from catalog.models import Endpoint, Model
from clod_site.lib import clock
from gateway import snapshots
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.fake_upstream import serving

pytestmark = FAST_LANE
WHOLE = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}


class Gate:
    """An upstream that lets its calls wait until the gate opens."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.waiting = 0

    async def complete(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.waiting += 1
        await asyncio.to_thread(self.is_open.wait, 10)
        return web.json_response(WHOLE)


def _until(condition: Callable[[], bool], wait_s: float = 5) -> None:
    deadline = time.monotonic() + wait_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _in_background(gateway: Gateway, model: str = "small") -> threading.Thread:
    thread = threading.Thread(target=gateway.complete, args=(model,))
    thread.start()
    return thread


def _small(gateway: Gateway, address: str, most: int = 1) -> Model:
    model = shop.model("small")
    shop.endpoint(model, address, "gate", at="dfw", price_ppm=500_000, max_concurrency=most)
    snapshots.forget()
    return model


def test_a_full_endpoint_is_passed_over_and_the_explanation_says_so(gateway: Gateway) -> None:
    gate = Gate()
    with serving(gate.complete) as address:
        shop.endpoint(_small(gateway, address), gateway.upstream.base_url, "paris", at="buf")
        snapshots.forget()
        first = _in_background(gateway, "small@price")
        _until(lambda: gate.waiting == 1)
        second = gateway.row(gateway.complete("small@price"))
        gate.is_open.set()
        first.join(5)
        third = gateway.row(gateway.complete("small@price"))
    assert (second.data_center, second.attempts) == ("buf", 1)
    here, there = second.routing["candidates"]
    assert (here["data_center"], here["lost"]) == ("buf", "")
    assert (there["data_center"], there["lost"]) == ("dfw", "every place there is taken")
    assert second.routing["won_by"] == "first with a free place"
    assert third.data_center == "dfw"


def test_when_all_are_full_it_says_when_to_try_again_and_holds_nothing(gateway: Gateway) -> None:
    gate = Gate()
    with serving(gate.complete) as address:
        _small(gateway, address, most=2)
        running = [_in_background(gateway) for _ in range(2)]
        _until(lambda: gate.waiting == 2)
        refused = gateway.complete("small")
        gate.is_open.set()
        for thread in running:
            thread.join(5)
        assert gateway.complete("small").status_code == 200
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert refused.json()["error"]["constraint"] == "concurrency"
    assert "as many calls as it takes" in refused.json()["error"]["message"]
    assert Request.objects.count() == 3  # the refused one never began


@pytest.mark.parametrize("behaviour", ["paris", "error-500", "refuse", "cut-mid-stream", "not-json", "no-done"])
@pytest.mark.parametrize("stream", [True, False])
def test_every_end_of_a_call_gives_its_place_back(gateway: Gateway, behaviour: str, stream: bool) -> None:
    gateway.offer("any", behaviour)
    gateway.complete("any", stream=stream)
    gateway.settled()
    _until(lambda: not places._taken)


def test_a_client_that_leaves_gives_its_place_back(gateway: Gateway) -> None:
    model = shop.model("forever")
    shop.endpoint(model, gateway.upstream.base_url, "forever", max_concurrency=1)
    snapshots.forget()
    body = {"model": "forever", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    with gateway.client.stream("POST", gateway.path, json=body) as response:
        lines = response.iter_lines()  # kept: dropping it would close the stream
        next(lines)
        assert places.full()
    _until(lambda: not places.full())
    gateway.settled()


def test_one_call_tries_an_endpoint_that_may_be_back_while_others_go_elsewhere(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    with serving(gate.complete) as address:
        model = _small(gateway, address, most=100)
        shop.endpoint(model, gateway.upstream.base_url, "paris", at="buf")
        snapshots.forget()
        endpoint = Endpoint.objects.get(model=model, data_center__slug="dfw").pk
        for _ in range(health.FAILURES_TO_EJECT):
            health.failed(endpoint)
        left_out = gateway.row(gateway.complete("small@price"))
        now = clock.monotonic
        monkeypatch.setattr(clock, "monotonic", lambda: now() + health.FIRST_EJECTION_S + 1)
        probe = _in_background(gateway, "small@price")
        _until(lambda: gate.waiting == 1)
        beside = [gateway.row(gateway.complete("small@price")).data_center for _ in range(3)]
        gate.is_open.set()
        probe.join(5)
        back = gateway.row(gateway.complete("small@price")).data_center
    assert left_out.data_center == "buf"
    assert left_out.routing["excluded"][0]["lost"] == "failed lately"
    assert (beside, gate.waiting, back) == (["buf"] * 3, 2, "dfw")
