"""Traces for OpenTelemetry, as an extra: a span for each call, and in it authorise, every attempt, and settle.

Off, and then a comparison with None each, unless ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set and ``requirements/otel.txt`` is installed. A
caller's ``traceparent`` is continued, and every attempt hands its own on to the upstream. Names are those of OpenTelemetry's
conventions for generative AI; what was said, and names that a client made up, are in no span.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings

from catalog.snapshot import Route
from clod_site.lib import env

if TYPE_CHECKING:
    from gateway.calls import Call

log = logging.getLogger("gateway.tracing")

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SERVICE = "clod-gateway"
Facts = Mapping[str, str | int | float | bool]

_tracer: Any = None
_provider: Any = None
_api: Any = None
_UNTOLD = nullcontext()


def start() -> None:
    """Once a process, where somebody wants traces. The rest of its set-up is OpenTelemetry's own variables."""
    global _tracer, _provider, _api
    if _tracer is not None or not any(env.text(name) for name in ENDPOINTS):
        return
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install -r requirements/otel.txt")
        return
    names = {"service.name": env.text("OTEL_SERVICE_NAME", SERVICE), "service.version": settings.CLOD_RELEASE}
    _provider = TracerProvider(resource=Resource.create(names), shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _api, _tracer = trace, _provider.get_tracer("clod.gateway")


def stop() -> None:
    """Send what is left, for some seconds at most. Blocks."""
    global _tracer, _provider
    provider, _provider, _tracer = _provider, None, None
    if provider is not None:
        provider.shutdown()


class Trace:
    """The span of a call, and what begins its children. Each of its methods may be called by whoever comes first; it ends once."""

    def __init__(self, name: str, parent: Mapping[str, str], facts: Facts) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._propagator = TraceContextTextMapPropagator()
        context = self._propagator.extract(parent)
        self._span = _tracer.start_span(name, context=context, kind=_api.SpanKind.SERVER, attributes=dict(facts))
        self._context = _api.set_span_in_context(self._span, context)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        span = _tracer.start_span(name, context=self._context) if _tracer else None
        try:
            yield
        except BaseException as error:
            _fail(span, type(error).__name__)
            raise
        finally:
            if span:
                span.end()

    def attempt(self, operation: str, route: Route, number: int) -> "AttemptSpan | None":
        if _tracer is None:
            return None
        facts = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": route.provider,
            "gen_ai.request.model": route.upstream_model,
            "server.address": urlsplit(route.base_url).hostname or "",
            "clod.data_center": route.data_center,
            "clod.attempt": number,
        }
        name = f"{operation} {route.upstream_model}"
        span = _tracer.start_span(name, context=self._context, kind=_api.SpanKind.CLIENT, attributes=facts)
        headers: dict[str, str] = {}
        self._propagator.inject(headers, _api.set_span_in_context(span, self._context))
        return AttemptSpan(span, headers)

    def end(self, facts: Facts, error: str = "") -> None:
        self._span.set_attributes(dict(facts))
        if error:
            _fail(self._span, error)
        self._span.end()


class AttemptSpan:
    """``headers`` go to the upstream."""

    def __init__(self, span: Any, headers: dict[str, str]) -> None:
        self._span, self.headers = span, headers

    def end(self, outcome: str, *, has_failed: bool) -> None:
        if self._span.is_recording():
            self._span.set_attribute("clod.outcome", outcome)
            if has_failed:
                _fail(self._span, outcome)
            self._span.end()


def begun(operation: str, call: "Call") -> Trace | None:
    """The trace of a call that has just come in. None where nobody wants traces."""
    if _tracer is None:
        return None
    parent = {name: call.header(name) for name in ("traceparent", "tracestate") if call.header(name)}
    return Trace(operation, parent, {"gen_ai.operation.name": operation, "clod.request_id": call.public_id})


def part(trace: Trace | None, name: str) -> AbstractContextManager[None]:
    return trace.part(name) if trace else _UNTOLD


def _fail(span: Any, kind: str) -> None:
    if span:
        span.set_attribute("error.type", kind)
        span.set_status(_api.StatusCode.ERROR)
