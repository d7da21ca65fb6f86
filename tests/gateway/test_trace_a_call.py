"""Traces, where somebody wants them: one for each call, in the caller's own, with its attempts in it and nothing that was said."""

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway import snapshots, tracing
from gateway.calls import Call
from tests.gateway import shop
from tests.gateway.conftest import Gateway

CANARY = "canary0123456789abcdef"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector(BaseHTTPRequestHandler):
    """Takes traces as OTLP over HTTP."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append(body)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Traces:
    def __init__(self, server: HTTPServer) -> None:
        self._server = server

    def sent(self) -> list[Any]:
        """All spans so far."""
        tracing._provider.force_flush(5_000)
        requests = [ExportTraceServiceRequest.FromString(body) for body in self._server.bodies]  # type: ignore[attr-defined]
        return [span for request in requests for group in request.resource_spans for scope in group.scope_spans for span in scope.spans]

    def whole(self) -> dict[str, list[Any]]:
        """By kind of name, once the call's own span has ended, which comes last."""
        deadline = time.monotonic() + 10
        while not (roots := [span for span in self.sent() if span.kind == 2]) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert roots
        found: dict[str, list[Any]] = {}
        for span in self.sent():
            found.setdefault({2: "call", 3: "attempt"}.get(span.kind, span.name), []).append(span)
        return found

    @property
    def bytes(self) -> bytes:
        return b"".join(self._server.bodies)  # type: ignore[attr-defined]


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Traces]:
    """Before the gateway is started."""
    server = HTTPServer(("127.0.0.1", 0), Collector)
    server.bodies = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    tracing.start()
    yield Traces(server)
    tracing.stop()
    server.shutdown()
    server.server_close()
    thread.join(5)


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_a_call_is_one_trace_with_its_parts(traces: Traces, gateway: Gateway) -> None:
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
    body = {"model": "paris", "messages": [{"role": "user", "content": CANARY}], "user": CANARY}
    answer = gateway.client.post(gateway.path, json=body, headers=headers)
    assert answer.status_code == 200
    found = traces.whole()
    (call,), (attempt,) = found["call"], found["attempt"]
    assert sorted(found) == ["attempt", "authorise", "call", "settle"]
    assert {span.trace_id.hex() for group in found.values() for span in group} == {TRACE}
    assert call.parent_span_id.hex() == CALLER
    assert {found[name][0].parent_span_id for name in ("attempt", "authorise", "settle")} == {call.span_id}
    row, said = gateway.settled(), attributes(call)
    assert said["clod.request_id"] == answer.headers["x-request-id"]
    assert (said["gen_ai.operation.name"], said["gen_ai.request.model"]) == ("chat", "paris")
    assert (said["gen_ai.usage.input_tokens"], said["gen_ai.usage.output_tokens"]) == (row.prompt_tokens, row.completion_tokens)
    assert said["clod.cost_nanousd"] == row.cost_nanousd
    assert attributes(attempt)["clod.outcome"] == "ok"
    assert call.start_time_unix_nano <= attempt.start_time_unix_nano <= attempt.end_time_unix_nano <= call.end_time_unix_nano
    sent = {name.lower(): value for name, value in gateway.upstream.journal[0].headers.items()}["traceparent"]
    assert sent == f"00-{TRACE}-{attempt.span_id.hex()}-01"
    assert CANARY.encode() not in traces.bytes
    assert gateway.key.encode() not in traces.bytes


def test_every_attempt_of_a_failover_is_there(traces: Traces, gateway: Gateway) -> None:
    model = gateway.offer("two", "error-500")
    shop.endpoint(model, gateway.upstream.base_url, "paris", at="okc", price_ppm=2_000_000)
    snapshots.forget()
    gateway.stream("two")
    found = traces.whole()
    outcomes = [attributes(span)["clod.outcome"] for span in sorted(found["attempt"], key=lambda span: span.start_time_unix_nano)]
    assert outcomes == ["status 500", "ok"]
    assert attributes(found["call"][0])["clod.status"] == "ok"


def test_a_refusal_is_a_trace_too(traces: Traces, gateway: Gateway) -> None:
    gateway.complete(f"{CANARY}-model")
    (call,) = traces.whole()["call"]
    assert attributes(call)["http.response.status_code"] == 404
    assert attributes(call)["error.type"] == "model_not_found"
    assert CANARY.encode() not in traces.bytes


def test_nobody_who_does_not_ask_for_traces_has_any(gateway: Gateway) -> None:
    assert tracing.begun("chat", Call(b"", "")) is None
    gateway.client.post(
        gateway.path,
        json={"model": "paris", "messages": [{"role": "user", "content": "x"}]},
        headers={"traceparent": f"00-{TRACE}-{CALLER}-01"},
    )
    assert "traceparent" not in {name.lower() for name in gateway.upstream.journal[0].headers}
