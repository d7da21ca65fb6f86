"""With the database away: never a 401 or 402, an answer within two seconds, and what runs finishes."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from activity.models import Request
from billing import holds
from billing.holds import Held, Outcome, Settled
from catalog import snapshot
from catalog.models import Endpoint
from gateway import exchange, snapshots
from projects import keys
from projects.models import Project
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway

pytestmark = pytest.mark.in_time


@contextmanager
def database_away(*, silent: bool = False) -> Iterator[None]:
    """New connections fail, at once or (like a network that swallows packets) only when this ends."""
    is_back = threading.Event()

    def connect(self: BaseDatabaseWrapper) -> None:
        if silent:
            is_back.wait(10)
        raise OperationalError("the database is away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseWrapper, "connect", connect)
        patch.setattr(snapshots, "MAX_AGE_S", 0.0)
        yield
        is_back.set()
        time.sleep(0.05)


def _broken() -> None:
    raise LookupError("a row nobody expected")


def _unavailable(response: httpx2.Response) -> None:
    assert response.status_code == 503, response.text
    assert int(response.headers["retry-after"]) >= 1
    assert response.json()["error"]["code"] == "unavailable"


@FAST_LANE
def test_a_key_in_use_still_opens_the_door(gateway: Gateway) -> None:
    assert gateway.client.get("/v1/models").status_code == 200
    for silent in (False, True):
        with database_away(silent=silent):
            started = time.monotonic()
            assert gateway.client.get("/v1/models").json()["data"][0]["id"] == "paris"
            assert time.monotonic() - started < 1


@pytest.mark.parametrize("silent", [False, True], ids=["refusing", "silent"])
def test_a_key_never_seen_is_told_to_try_again(gateway: Gateway, project: Project, alice: User, silent: bool) -> None:
    fresh = keys.generate(project, name="fresh", actor=alice)[1]
    assert gateway.complete().status_code == 200
    with database_away(silent=silent):
        started = time.monotonic()
        _unavailable(gateway.client.post(gateway.path, json={}, headers={"authorization": f"Bearer {fresh}"}))
        assert time.monotonic() - started < 2
    assert gateway.complete().status_code == 200


@FAST_LANE
def test_what_needs_the_database_is_a_503(gateway: Gateway) -> None:
    gateway.client.get("/v1/models")
    with database_away():
        _unavailable(gateway.client.get("/v1/requests"))
        _unavailable(gateway.client.get("/v1/requests/req_0000000000000000000000"))


@FAST_LANE
def test_a_process_is_well_but_not_ready(gateway: Gateway) -> None:
    assert gateway.client.get("/readyz").json() == {"status": "ready"}
    for silent in (False, True):
        with database_away(silent=silent):
            started = time.monotonic()
            _unavailable(gateway.client.get("/readyz"))
            assert gateway.client.get("/healthz").status_code == 200
            assert time.monotonic() - started < 1


@FAST_LANE
def test_a_site_where_nothing_can_be_called_is_ready_and_says_so(gateway: Gateway) -> None:
    """Behind a balancer that asks, the admin could not be reached otherwise, where a provider's key is typed."""
    Endpoint.objects.update(active=False)
    snapshots.forget()
    told = gateway.client.get("/readyz")
    assert (told.status_code, told.json()["status"]) == (200, "ready")
    assert "manage.py backfill_prices" in told.json()["warnings"][0]
    assert gateway.complete().status_code == 503


def test_without_a_catalog_calls_are_told_to_try_again(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots.forget()
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "load", _broken)
        _unavailable(gateway.complete())
    assert gateway.complete().status_code == 200


def test_a_catalog_that_fails_to_load_leaves_the_last_one_in_force_until_it_does(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "MAX_AGE_S", 0.05)
    gateway.complete()
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "version", _broken)
        time.sleep(0.3)
        assert gateway.complete().status_code == 200
    shop.endpoint(shop.model("later"), gateway.upstream.base_url, "paris")
    time.sleep(0.3)
    assert gateway.complete("later").status_code == 200


def test_a_call_is_answered_in_full_and_settled_later(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    settle, is_back = holds.settle, threading.Event()

    async def once_it_is_back(held: Held, outcome: Outcome, *, is_charged: bool) -> Settled:
        await asyncio.to_thread(is_back.wait, 20)
        return await settle(held, outcome, is_charged=is_charged)

    monkeypatch.setattr(holds, "settle", lambda *call, **how: asyncio.create_task(once_it_is_back(*call, **how)))
    monkeypatch.setattr(exchange, "SETTLEMENT_PATIENCE_S", 0.2)
    started = time.monotonic()
    assert gateway.stream()[-1] == "[DONE]"
    assert gateway.complete().status_code == 200
    assert time.monotonic() - started < 5
    assert not Request.objects.exists()
    is_back.set()
    assert gateway.settled(2).cost_nanousd == 48_000
