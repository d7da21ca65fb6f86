"""Whatever bytes arrive at the fast lane: a well-formed JSON error, or a clean close where they are no HTTP; and the server lives on."""

import resource
import time
from collections.abc import Iterator

import pytest

from gateway import connection
from tests.gateway.conftest import FAST_LANE, Gateway
from tests.gateway.hostile import NO_COMPLETIONS, completion
from tests.gateway.raw import Wire

pytestmark = FAST_LANE
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def still_alive(gateway: Gateway) -> Iterator[None]:
    yield
    assert gateway.complete().status_code == 200


@pytest.fixture
def wire(gateway: Gateway) -> Iterator[Wire]:
    with Wire(gateway) as wire:
        yield wire


def test_a_body_that_is_no_completion_is_refused_in_json(gateway: Gateway) -> None:
    for body in NO_COMPLETIONS:
        with Wire(gateway) as wire:
            wire.post(body)
            assert wire.refused()[0] in {400, 404}, body[-40:]


HARMLESS = (
    b', "model": "nobody", "model": "paris"',
    b', "x": 1e400, "y": -0.0, "z": 123456789012345678901234567890',
    b', "\\u0000": "\\u0000", "": "", "stream": null, "n": null',
    b', "x": ' + b"[" * 200 + b"]" * 200,
)


def test_what_is_odd_but_harmless_is_answered(gateway: Gateway) -> None:
    for rest in HARMLESS:
        with Wire(gateway) as wire:
            wire.post(completion(rest=rest))
            assert wire.answer()[0] == 200, rest[-40:]


NO_KEYS = (
    b"Bearer \xff\xfe\x80",
    b"Bearer clod_sk_\xc3\xa9\xc3\xa9",
    b"Bearer clod_st_" + b"a" * 43,
    b"Bearer clod_st_" + b"\xff" * 43,
    b"Bearer " + b"a" * 60_000,
    b"bearer",
    b"Bearer " + b"clod_sk_" * 9,
)


def test_a_key_of_any_bytes_is_a_401(gateway: Gateway) -> None:
    body = completion()
    for authorization in NO_KEYS:
        with Wire(gateway) as wire:
            lines = (
                b"POST /v1/chat/completions HTTP/1.1",
                b"host: x",
                b"authorization: " + authorization,
                b"content-length: %d" % len(body),
            )
            wire.send(b"\r\n".join([*lines, b"", body]))
            assert wire.refused() == (401, "invalid_api_key"), authorization[:40]


ODD_PATHS = (
    (b"/v1//chat/completions", 404),
    (b"/v1/../admin", 404),
    (b"/v1/%2e%2e/admin/", 404),
    (b"/v1/chat/completions/../../../etc/passwd", 404),
    (b"/v1/chat%2fcompletions/x", 404),
    (b"/v1/%00", 404),
    (b"/v1/%ff%fe%0d%0aset-cookie:x", 404),
    (b"/v1/" + b"a" * 50_000, 404),
    (b"/v1", 404),
    (b"/v1/models/%25%32%35", 404),
    (b"/v1/models/" + b"%F0%9F%92%A9" * 500, 404),
    (b"/v1/models/a%0ab", 404),
    (b"/v1/requests/req_%00", 404),
    (b"/v1/requests/" + b"z" * 26, 404),
    (b"/v1/requests/req_" + b"z" * 22, 404),
    (b"/v1/requests?limit=%C2%B2", 400),
    (b"/v1/requests?limit=" + b"9" * 6000, 400),
    (b"/v1/requests?limit=-1", 400),
    (b"/v1/requests?cursor=%00%ff", 400),
    (b"/v1/requests?cursor=req_" + b"z" * 22, 400),
    (b"/v1/prices", 400),
    (b"/v1/prices/", 400),
    (b"/v1/prices/now?", 200),
    (b"/v1/prices/now/", 200),
    (b"/v1/prices/then", 404),
    (b"/v1/prices?model=%00%ff", 404),
    (b"/v1/prices?model=" + b"%F0%9F%92%A9" * 50, 404),
    (b"/v1/prices?model=" + b"a" * 50_000, 400),
    (b"/v1/prices?model=paris&from=%00", 400),
    (b"/v1/prices?model=paris&from=-" + b"9" * 190 + b"d", 400),
    (b"/v1/prices?model=paris&from=9999-12-31T23:59:59-23:59", 400),
    (b"/v1/prices?model=paris&from=NaN", 400),
    (b"/v1/prices?model=paris&step=%D9%A5m", 400),
    (b"/v1/prices?" + b"model=paris&" * 500, 400),
    (b"/v1/prices?" + b"&" * 5000, 400),
    (b"/v1/prices/now?data_center=%27%3B--", 404),
    (b"/v1/prices/now?=1", 400),
)


def test_odd_paths_are_answered_in_json(gateway: Gateway) -> None:
    for target, status in ODD_PATHS:
        with Wire(gateway) as wire:
            wire.send(wire.head(b"GET", target))
            assert (wire.answer() if status == 200 else wire.refused())[0] == status, target[:60]


def test_paths_that_are_no_http_end_the_connection(gateway: Gateway) -> None:
    for path in (b"/v1/caf\xc3\xa9", b"/v1/ x y", b"*", b"http://evil/v1/models", b""):
        with Wire(gateway) as wire:
            wire.send(wire.head(b"GET", path))
            line = wire.reader.readline()
            assert line == b"" or int(line.split()[1]) in {200, 400, 404}


def test_a_percent_sign_is_decoded_once(gateway: Gateway) -> None:
    gateway.offer("100%25", "paris")
    assert gateway.client.get("/v1/models/100%2525").json()["id"] == "100%25"


def test_other_methods_are_a_405(gateway: Gateway) -> None:
    for method in (b"OPTIONS", b"PUT", b"DELETE", b"PATCH", b"TRACE", b"GET"):
        with Wire(gateway) as wire:
            wire.send(wire.head(method))
            assert wire.refused() == (405, "method_not_allowed")


def test_head_has_the_headers_and_no_body(wire: Wire) -> None:
    wire.send(wire.head(b"HEAD", b"/v1/models") + wire.head(b"HEAD"))
    assert wire.answer(has_body=False)[0] == 200
    assert wire.answer(has_body=False)[0] == 405


def test_pipelined_requests_are_answered_in_order(wire: Wire) -> None:
    body = completion()
    whole = wire.head(b"POST", b"/v1/chat/completions", b"content-length: %d" % len(body)) + body
    wire.send(whole + wire.head(b"GET", b"/v1/nothing") + whole + wire.head(b"GET", b"/v1/models"))
    assert [wire.answer()[0] for _ in range(4)] == [200, 404, 200, 200]


def test_a_compressed_body_is_not_unpacked(wire: Wire) -> None:
    for encoding in (b"gzip", b"br", b"deflate, gzip", b"\xff"):
        wire.post(b"\x1f\x8b" + b"\x00" * 1000, b"content-encoding: " + encoding)
        assert wire.refused() == (415, "unsupported_content_encoding")


CONTRADICTIONS = (
    (b"content-length: -1",),
    (b"content-length: " + b"9" * 5000,),
    (b"content-length: \xb2",),
    (b"content-length: 5", b"content-length: 6"),
    (b"content-length: 5", b"transfer-encoding: chunked"),
    (b"transfer-encoding: chunked, chunked, gzip",),
    (b"x" * 10 + b"\x00: y",),
    (b": empty",),
)


def test_headers_that_contradict_themselves_end_the_connection(gateway: Gateway) -> None:
    for lines in CONTRADICTIONS:
        with Wire(gateway) as wire:
            wire.flood(wire.head(b"POST", b"/v1/chat/completions", *lines) + b"hello")
            assert wire.is_closed(), lines


NO_HTTP = (
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"\r\n\r\nhello\r\n\r\n",
    b"\x00" * 1000,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


def test_what_is_no_http_ends_the_connection(gateway: Gateway) -> None:
    for garbage in NO_HTTP:
        with Wire(gateway) as wire:
            wire.flood(garbage)
            assert wire.is_closed(), garbage


def test_half_a_request_keeps_nobody_waiting(gateway: Gateway) -> None:
    halves = [Wire(gateway) for _ in range(50)]
    for number, half in enumerate(halves):
        half.send(half.head()[: 1 + number * 3])
    assert gateway.complete().status_code == 200
    for half in halves:
        half.__exit__()


def test_a_body_that_never_ends_arriving_is_a_408(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "BODY_WITHIN_S", 0.3)
    with Wire(gateway) as half, Wire(gateway) as trickle:
        half.send(half.head(b"POST", b"/v1/chat/completions", b"content-length: 100") + b'{"model"')
        trickle.send(trickle.head(b"POST", b"/v1/chat/completions", b"transfer-encoding: chunked"))
        for _ in range(5):
            trickle.flood(b"1\r\n{\r\n")
            time.sleep(0.1)
        for wire in (half, trickle):
            assert wire.refused() == (408, "body_too_slow")
            assert wire.is_closed()


def test_a_body_without_end_is_cut_off_and_takes_no_memory(gateway: Gateway) -> None:
    gateway.complete()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for lines, chunk in (
        ((b"content-length: %d" % (64 * MIB),), b" " * MIB),
        ((b"transfer-encoding: chunked",), b"100000\r\n" + b" " * MIB + b"\r\n"),
    ):
        with Wire(gateway) as wire:
            wire.send(wire.head(b"POST", b"/v1/chat/completions", *lines))
            for _ in range(64):
                wire.flood(chunk)
            assert wire.refused() == (413, "body_too_large")
            assert wire.is_closed()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 * 1024  # KiB: a few bodies, not sixty-four


def test_leaving_at_any_point_leaves_nothing_behind(gateway: Gateway) -> None:
    with Wire(gateway) as sample:
        body = completion()
        whole = sample.head(b"POST", b"/v1/chat/completions", b"content-length: %d" % len(body)) + body
    for cut in range(0, len(whole), 23):
        with Wire(gateway) as wire:
            wire.send(whole[:cut])
