"""Clients that leave: the upstream is stopped within two seconds, and the charge follows the table."""

import asyncio
import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
import uvicorn

from activity.models import Request
from billing import holds
from billing.holds import Held, HoldAsk
from billing.models import Hold
from catalog.models import CancelPolicy
from tests.gateway import shop
from tests.gateway.conftest import FAST_LANE, Gateway


def _send(gateway: Gateway, model: str, *, stream: bool) -> socket.socket:
    """A raw client that has sent its request and read nothing."""
    body = json.dumps({"model": model, "stream": stream, "messages": [{"role": "user", "content": "hi"}]}).encode()
    head = f"POST {gateway.path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {gateway.key}\r\ncontent-length: {len(body)}\r\n\r\n"
    address = urlsplit(gateway.url)
    client = socket.create_connection((address.hostname, address.port), timeout=10)
    client.sendall(head.encode() + body)
    return client


def _rest(client: socket.socket) -> bytes:
    """Everything until the server closes."""
    return b"".join(iter(lambda: client.recv(4096), b""))


def _until_asked(gateway: Gateway) -> None:
    deadline = time.monotonic() + 5
    while not gateway.upstream.journal and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gateway.upstream.journal


def _until_closed(gateway: Gateway) -> float:
    """Seconds until the upstream saw its client leave."""
    started = time.monotonic()
    while gateway.upstream.journal[0].closed_at is None and time.monotonic() < started + 5:
        time.sleep(0.01)
    assert gateway.upstream.journal[0].closed_at is not None
    return gateway.upstream.journal[0].closed_at - started


def test_leaving_before_the_first_byte_costs_nothing(gateway: Gateway) -> None:
    gateway.offer("hang", "hang")
    for count, stream in enumerate((False, True), start=1):
        gateway.upstream.journal.clear()
        client = _send(gateway, "hang", stream=stream)
        _until_asked(gateway)
        client.close()
        assert _until_closed(gateway) < 2
        row = gateway.settled(count)
        assert (row.status, row.cost_nanousd) == ("client_closed", 0)
        assert Hold.objects.get(id=row.id).state == "voided"


def test_leaving_while_money_is_set_aside_calls_no_upstream_and_costs_nothing(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task of such a call is cancelled before its first step; it settles all the same."""
    is_held = threading.Event()
    authorise = holds.authorise

    async def slowly(ask: HoldAsk, waited_s: float) -> Held:
        held = await authorise(ask, waited_s)
        is_held.set()
        await asyncio.sleep(0.5)
        return held

    monkeypatch.setattr(holds, "authorise", slowly)
    for count, stream in enumerate((False, True), start=1):
        is_held.clear()
        client = _send(gateway, "paris", stream=stream)
        assert is_held.wait(5)
        client.close()
        row = gateway.settled(count)
        assert (row.status, row.cost_nanousd, row.attempts) == ("client_closed", 0, 0)
        assert Hold.objects.get(id=row.id).state == "voided"
    assert gateway.upstream.journal == []


def test_leaving_before_the_first_token_costs_nothing(gateway: Gateway) -> None:
    gateway.offer("silent", "silent")
    client = _send(gateway, "silent", stream=True)
    _until_asked(gateway)
    time.sleep(0.2)
    client.close()
    assert _until_closed(gateway) < 2
    row = gateway.settled()
    assert (row.status, row.cost_nanousd) == ("client_closed", 0)


def test_leaving_mid_stream_pays_the_prompt_and_what_was_written(gateway: Gateway) -> None:
    gateway.offer("forever", "forever")
    client = _send(gateway, "forever", stream=True)
    received = b""
    while received.count(b"data: {") < 5:
        received += client.recv(4096)
    client.close()
    assert _until_closed(gateway) < 2
    row = gateway.settled()
    assert row.status == "client_closed"
    assert 5 <= row.completion_tokens < 60
    assert row.prompt_tokens > 0
    assert row.cost_nanousd == row.prompt_tokens * 1_000 + row.completion_tokens * 4_000
    assert row.is_estimated


@FAST_LANE
def test_an_upstream_that_bills_to_the_end_is_read_to_the_end(gateway: Gateway) -> None:
    model = shop.model("drain")
    shop.endpoint(model, gateway.upstream.base_url, "slow", provider=shop.provider("drainer", cancel_policy=CancelPolicy.DRAIN))
    for count, stream in enumerate((True, False), start=1):
        gateway.upstream.journal.clear()
        client = _send(gateway, "drain", stream=stream)
        _until_asked(gateway)
        time.sleep(0.1)
        client.close()
        row = gateway.settled(count, wait_s=8)
        assert (row.status, row.cost_nanousd, row.is_estimated) == ("client_closed", 48_000, False)
        assert gateway.upstream.journal[0].finished


@FAST_LANE
def test_nobody_else_is_asked_for_a_client_that_has_left(gateway: Gateway) -> None:
    model = shop.model("pair")
    drainer = shop.provider("drainer", cancel_policy=CancelPolicy.DRAIN)
    shop.endpoint(model, gateway.upstream.base_url, "slow-error", provider=drainer, price_ppm=500_000)
    shop.endpoint(model, gateway.upstream.base_url, "paris", at="buf")
    client = _send(gateway, "pair@price", stream=False)
    _until_asked(gateway)
    client.close()
    row = gateway.settled()
    assert (row.status, row.attempts, row.cost_nanousd) == ("upstream_error", 1, 0)
    assert [seen.model for seen in gateway.upstream.journal] == ["slow-error"]


@FAST_LANE
def test_one_slow_reader_does_not_slow_another(gateway: Gateway) -> None:
    gateway.offer("forever", "forever")
    slow = _send(gateway, "forever", stream=True)
    started = time.monotonic()
    assert gateway.stream()[-1] == "[DONE]"
    assert time.monotonic() - started < 2
    slow.close()


@FAST_LANE
def test_a_restart_breaks_calls_off_with_a_reason_and_settles_them(gateway: Gateway, server: uvicorn.Server) -> None:
    """A server that has waited long enough cancels what still runs; clients hear why, and pay for what they got."""
    gateway.offer("forever", "forever")
    gateway.offer("hang", "hang")
    with _send(gateway, "forever", stream=True) as streaming, _send(gateway, "hang", stream=False) as waiting:
        received = b""
        while received.count(b"data: {") < 5:
            received += streaming.recv(4096)
        server.config.timeout_graceful_shutdown = 0
        server.should_exit = True
        received += _rest(streaming)
        answer = _rest(waiting)
    assert b"shutting_down" in received
    assert b"[DONE]" not in received
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"shutting_down" in answer
    gateway.settled(2)
    assert sorted(Request.objects.values_list("status", flat=True)) == ["truncated", "upstream_error"]
