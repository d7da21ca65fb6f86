"""What a connection may do, on every path: how long, how large, how many. Whatever is refused is refused in JSON."""

import ipaddress
import json
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from django.test import override_settings

from gateway import addresses, connection, snapshots
from gateway.gate import gate
from projects.models import ApiKey
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.raw import Wire

pytestmark = FAST_LANE
PATHS = (b"/v1/chat/completions", b"/api/v1/chat/completions", b"/accounts/login/", b"/nothing")
BODY = b'{"model": "paris", "messages": [{"role": "user", "content": "hi"}]}'
LENGTH = b"content-length: %d" % len(BODY)
KIB, MIB = 1024, 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_is_left_behind(gateway: Gateway) -> Iterator[None]:
    yield
    assert gateway.complete().status_code == 200
    gateway.client.close()
    deadline = time.monotonic() + 5
    while (gate._count or gate._oldest or gate._waiting or gate._body_bytes) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (gate._count, gate._oldest, gate._waiting, gate._body_bytes) == (0, {}, {}, 0)


def _refused(gateway: Gateway, *data: bytes) -> tuple[int, str]:
    with Wire(gateway) as wire:
        for part in data:
            wire.flood(part)
        refusal = wire.refused()
        assert wire.is_closed()
        return refusal


def test_half_a_head_is_a_408(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_WITHIN_S", 0.2)
    for path in PATHS:
        assert _refused(gateway, b"POST " + path + b" HTTP/1.1\r\nhost: loc") == (408, "headers_too_slow")
    with Wire(gateway) as kept:
        kept.post(BODY)
        assert kept.answer()[0] == 200
        kept.send(b"GET /v1/mod")
        assert kept.refused() == (408, "headers_too_slow")


def test_a_head_that_drips_is_a_408(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_WITHIN_S", 0.3)
    with Wire(gateway) as wire:
        for _ in range(6):
            wire.flood(b"GET / HTTP/1.1\r\n" if not _ else b"a: b\r\n")
            time.sleep(0.1)
        assert wire.refused() == (408, "headers_too_slow")


def test_who_says_nothing_is_let_go(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_WITHIN_S", 0.2)
    with Wire(gateway) as silent, Wire(gateway) as blank:
        blank.send(b"\r\n\r\n")
        assert silent.reader.read() == b""
        assert blank.reader.read() == b""


LARGE = (
    (b"GET /" + b"a" * 70 * KIB,),
    (b"GET / HTTP/1.1\r\nx: " + b"a" * 70 * KIB,),
    (b"GET / HTTP/1.1\r\n" + b"x" * 70 * KIB,),
    (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 101 + b"\r\n",),
    (b"\r\n" * 40 * KIB,),
    (b"POST /accounts/login/ HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 101,),
)


def test_a_large_head_is_a_431(gateway: Gateway) -> None:
    for data in LARGE:
        assert _refused(gateway, *data) == (431, "headers_too_large"), data[0][:40]


def test_a_large_body_is_a_413_on_every_path(gateway: Gateway) -> None:
    for path in PATHS:
        start = b"POST " + path + b" HTTP/1.1\r\nhost: localhost\r\n"
        chunks = b"100000\r\n" + b" " * MIB + b"\r\n"
        assert _refused(gateway, start + b"content-length: 314572800\r\n\r\n", b" " * MIB) == (413, "body_too_large")
        assert _refused(gateway, start + b"transfer-encoding: chunked\r\n\r\n", *[chunks] * 5) == (413, "body_too_large")


def test_endless_chunk_extensions_and_trailers_are_a_413(gateway: Gateway) -> None:
    start = b"POST /accounts/login/ HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"
    for endless in (b"1;" + b"a" * 9 * MIB, b"0\r\nx: " + b"a" * 9 * MIB):
        assert _refused(gateway, start + endless)[0] in {400, 413}


def test_a_body_that_does_not_arrive_is_a_408_on_every_path(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_WITHIN_S", 0.2)
    for path in PATHS[:3]:
        half = b"POST " + path + b" HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nhalf"
        assert _refused(gateway, half) == (408, "body_too_slow"), path


def test_an_address_has_so_many_connections(gateway: Gateway, settings: Any) -> None:
    gateway.client.close()
    gateway.client = type(gateway.client)(base_url=gateway.url, headers=gateway.client.headers, timeout=20)
    gateway.offer("silent", "hang")
    settings.CLOD_MAX_CONNECTIONS_PER_ADDRESS = 3
    busy = [Wire(gateway) for _ in range(3)]
    for wire in busy:
        wire.post(BODY.replace(b"paris", b"silent"))
    deadline = time.monotonic() + 5
    while len(gateway.upstream.journal) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    with Wire(gateway) as one_more:
        assert one_more.refused() == (429, "too_many_connections")
    for wire in busy:
        wire.__exit__()


def test_connections_that_wait_make_room(gateway: Gateway) -> None:
    for limit in ("CLOD_MAX_CONNECTIONS", "CLOD_MAX_CONNECTIONS_PER_ADDRESS"):
        with override_settings(**{limit: 5}):
            halves = [Wire(gateway) for _ in range(20)]
            for half in halves:
                half.flood(b"POST /v1/chat")
            with Wire(gateway) as wire:
                wire.post(BODY)
                assert wire.answer()[0] == 200
            for half in halves:
                half.__exit__()


def test_a_server_that_is_full_says_so(gateway: Gateway) -> None:
    with override_settings(CLOD_MAX_CONNECTIONS=0), Wire(gateway) as wire:
        assert _busy(wire)
    with override_settings(CLOD_MAX_BODIES_BYTES=1000), Wire(gateway) as wire:
        wire.flood(wire.head(b"POST", b"/v1/chat/completions", b"content-length: 5000") + b" " * 5000)
        assert _busy(wire)


def _busy(wire: Wire) -> bool:
    status, headers, body = wire.answer()
    return (status, json.loads(body)["error"]["code"], headers["retry-after"]) == (503, "too_busy", "1")


def test_who_never_reads_is_let_go(gateway: Gateway, server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "READ_WITHIN_S", 0.3)
    request = b"GET /v1/nothing HTTP/1.1\r\nx: " + b"a" * 4 * KIB + b"\r\n\r\n"  # long: thousands of short ones are read at a time
    # Between the two of them an ordinary connection takes ten thousand answers before it is full.
    server.servers[0].sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * KIB)
    with Wire(gateway, window=4 * KIB) as wire:
        wire.socket.settimeout(0.5)
        with suppress(OSError):  # full
            for _ in range(10_000):
                wire.socket.sendall(request)
        deadline = time.monotonic() + 30
        while gate._count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert gate._count == 0  # the fixture's client has not called yet


def _lines(*lines: bytes) -> bytes:
    return b"\r\n".join([*lines, b"", b""])


def test_other_protocols_are_answered_in_this_one(gateway: Gateway) -> None:
    offer = (b"connection: Upgrade, HTTP2-Settings", b"upgrade: h2c", b"http2-settings: AAMAAABk")
    with Wire(gateway) as wire:
        for _ in range(2):
            wire.post(BODY, *offer)
            assert wire.answer()[0] == 200
        wire.send(wire.head(b"GET", b"/v1/models", b"connection: upgrade", b"upgrade: websocket", b"sec-websocket-version: 13"))
        assert wire.answer()[0] == 200
        head = wire.head(b"POST", b"/v1/chat/completions", LENGTH, b"connection: close, upgrade", b"upgrade: h2c")
        wire.send(head + BODY)
        status, headers, _ = wire.answer()
        assert (status, headers["connection"]) == (200, "close")
        assert wire.is_closed()
    with Wire(gateway) as wire:
        wire.send(wire.head(b"GET", b"/v1/models", b"connection: upgrade", b"upgrade: a") * 50)
        assert {wire.answer()[0] for _ in range(50)} == {200}


def test_a_tunnel_is_a_405_and_unknown_methods_are_a_400(gateway: Gateway) -> None:
    assert _refused(gateway, b"CONNECT example.org:443 HTTP/1.1\r\n\r\n") == (405, "method_not_allowed")
    for data in (b"BREW / HTTP/1.1\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /\x80 HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02"):
        assert _refused(gateway, data) == (400, "invalid_http")


def test_http_1_0_and_absolute_targets_are_answered(gateway: Gateway) -> None:
    key = b"authorization: Bearer " + gateway.key.encode()
    for line in (b"GET /v1/models HTTP/1.0", b"GET http://anywhere/v1/models HTTP/1.1"):
        with Wire(gateway) as wire:
            wire.send(_lines(line, key))
            assert wire.answer()[0] == 200
    with Wire(gateway) as wire:
        wire.send(_lines(b"GET /v1/mod%zz%ff HTTP/1.1", key))
        assert wire.refused()[0] == 404


def test_who_asks_before_sending_a_body_is_told_to_go_on_or_not(gateway: Gateway) -> None:
    with Wire(gateway) as wire:
        wire.send(wire.head(b"POST", b"/v1/chat/completions", LENGTH, b"expect: 100-continue"))
        assert wire.reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert wire.reader.readline() == b"\r\n"
        wire.send(BODY)
        assert wire.answer()[0] == 200
    with Wire(gateway) as wire:
        wire.send(wire.head(b"POST", b"/v1/chat/completions", b"content-length: 9999999", b"expect: 100-continue"))
        assert wire.refused() == (413, "body_too_large")


def test_requests_sent_at_once_are_answered_one_after_the_other(gateway: Gateway) -> None:
    """The last of them waits for a word before it sends its body, which is not said in the middle of another answer."""
    stream = BODY.replace(b"{", b'{"stream": true, ', 1)
    with Wire(gateway) as wire:
        whole = wire.head(b"POST", b"/v1/chat/completions", LENGTH)
        streamed = wire.head(b"POST", b"/v1/chat/completions", b"content-length: %d" % len(stream))
        waiting = wire.head(b"POST", b"/v1/chat/completions", LENGTH, b"expect: 100-continue")
        wire.send(whole + BODY + streamed + stream + wire.head(b"GET", b"/healthz") + waiting)
        kinds = [wire.answer()[1]["content-type"] for _ in range(3)]
        assert kinds == ["application/json", "text/event-stream; charset=utf-8", "application/json"]
        assert wire.reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert wire.reader.readline() == b"\r\n"
        wire.send(BODY)
        assert wire.answer()[0] == 200
    gateway.settled(3)


def test_a_client_of_http_1_0_gets_its_stream_without_chunks(gateway: Gateway) -> None:
    stream = BODY.replace(b"{", b'{"stream": true, ', 1)
    with Wire(gateway) as wire:
        head = wire.head(b"POST", b"/v1/chat/completions", b"content-length: %d" % len(stream)).replace(b"HTTP/1.1", b"HTTP/1.0")
        wire.send(head + stream)
        head, _, body = wire.reader.read().partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in head
    assert body.startswith(b"data: {")
    assert body.endswith(b"data: [DONE]\n\n")


def test_an_answer_that_has_begun_is_finished_before_the_next_request_is_refused(gateway: Gateway) -> None:
    with Wire(gateway) as wire:
        wire.send(wire.head(b"POST", b"/v1/chat/completions", LENGTH) + BODY + b"NONSENSE\r\n\r\n")
        assert wire.answer()[0] == 200
        assert wire.is_closed()


def test_a_key_of_certain_addresses_is_refused_elsewhere(gateway: Gateway) -> None:
    ApiKey.objects.update(allowed_networks=["192.0.2.0/24", "2001:db8::/32"])
    snapshots.forget()
    refused = gateway.complete()
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "address_not_allowed")
    assert "127.0.0.1" in refused.json()["error"]["message"]
    ApiKey.objects.update(allowed_networks=["192.0.2.0/24", "127.0.0.0/8"])
    snapshots.forget()
    assert gateway.complete().status_code == 200


def test_only_our_own_proxies_say_who_the_client_is(gateway: Gateway, settings: Any) -> None:
    ApiKey.objects.update(allowed_networks=["203.0.113.7"])
    snapshots.forget()
    forwarded = {"x-forwarded-for": "198.51.100.1, 203.0.113.7, 10.0.0.2"}
    body = {"model": "paris", "messages": [{"role": "user", "content": "hi"}]}
    for path in ("/v1/chat/completions", "/api/v1/chat/completions"):
        assert gateway.client.post(path, json=body, headers=forwarded).status_code == 403
    gateway.client.close()  # what a connection comes from is looked at once
    gateway.client = type(gateway.client)(base_url=gateway.url, headers=gateway.client.headers, timeout=20)
    settings.CLOD_TRUSTED_PROXIES = (ipaddress.ip_network("127.0.0.1"), ipaddress.ip_network("10.0.0.0/8"))
    for path in ("/v1/chat/completions", "/api/v1/chat/completions"):
        assert gateway.client.post(path, json=body, headers=forwarded).status_code == 200
    spoofed = {"x-forwarded-for": "203.0.113.7, 198.51.100.1"}
    assert gateway.client.post("/v1/chat/completions", json=body, headers=spoofed).status_code == 403
    ApiKey.objects.update(allowed_networks=[])
    snapshots.forget()


def test_addresses_are_read_as_proxies_write_them() -> None:
    written = ("192.0.2.1", " 192.0.2.1:8080 ", "[2001:db8::1]:443", '"[2001:db8::1]"', "::ffff:192.0.2.1", "unknown", "")
    found = [str(addresses.parse(text) or "") for text in written]
    assert found == ["192.0.2.1", "192.0.2.1", "2001:db8::1", "2001:db8::1", "192.0.2.1", "", ""]


def test_what_django_itself_refuses_is_json_for_programs(gateway: Gateway) -> None:
    body = {"model": "paris", "messages": [{"role": "user", "content": "hi"}]}
    client = gateway.client
    answers = [
        client.post("/api/v1/chat/completions", json=body, headers={"host": "evil.example"}),
        client.get("/api/nothing"),
        client.get("/api/v1/"),
    ]
    assert [answer.status_code for answer in answers] == [400, 404, 404]
    for answer in answers:
        assert set(answer.json()["error"]) >= {"message", "type", "param", "code"}
    assert client.get("/nothing").headers["content-type"].startswith("text/html")
    assert client.get("/models", headers={"host": "evil.example"}).headers["content-type"].startswith("text/html")
