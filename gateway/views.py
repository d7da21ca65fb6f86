"""The gateway as DRF endpoints: schema, browsable documentation, and a door that works under any server.

Always at /api/v1/…; at /v1/… too when the fast lane is switched off. They only translate: pipeline.serve and pages do the work.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from functools import wraps
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from activity import usage_api
from activity.serializers import RequestDetailSerializer, RequestListSerializer
from clod_site.lib import log_lines
from clod_site.lib.described import ErrorSerializer
from clod_site.lib.refusal import Refusal
from gateway import admit, errors, pages, pipeline, runtime, telling, usage
from gateway.calls import Call, Reply, refuse
from gateway.headers import rates, timing
from gateway.outbox import Outbox
from gateway.serializers import (
    ChatCompletionRequestSerializer,
    ChatCompletionSerializer,
    CompletionRequestSerializer,
    CompletionSerializer,
    EmbeddingsRequestSerializer,
    EmbeddingsSerializer,
    KeySerializer,
    ModelListSerializer,
    ModelSerializer,
    OfferSerializer,
)
from gateway.wire import operations
from gateway.wire.operations import Operation
from projects.grants import Grant

log = logging.getLogger("gateway.views")
Result = TypeVar("Result")
Get = TypeVar("Get", bound=Callable[..., HttpResponseBase])

REFUSALS = (400, 401, 402, 403, 404, 409, 410, 413, 415, 422, 429, 502, 503, 504)
PAGING = (
    OpenApiParameter("limit", int, description="Rows on a page, 1 to 200; 50 where it is left out."),
    OpenApiParameter("cursor", str, description="The next_cursor of the page before."),
)


class BearerKey(BaseAuthentication):
    """``Authorization: Bearer clod_sk_…``."""

    def authenticate(self, request: Request) -> tuple[None, Grant]:
        call = Call(b"", request.headers.get("Authorization", ""), address=request.META["REMOTE_ADDR"])
        return None, _in_gateway(admit.identify(call)).result()


class BearerKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    target_class = BearerKey
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class WholeBody(BaseParser):
    """The bytes as they came, whatever they call themselves: gateway.wire decodes them once. At most 4 MiB."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(settings.CLOD_MAX_BODY_BYTES + 1)
        if len(body) > settings.CLOD_MAX_BODY_BYTES:
            raise errors.BodyTooLarge
        return body


class AnyAccept(BaseContentNegotiation):
    """JSON or a stream, as the body asks; the Accept header has no say."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class GatewayView(APIView):
    authentication_classes: Sequence[type[BaseAuthentication]] = (BearerKey,)
    permission_classes = ()
    parser_classes = (WholeBody,)
    content_negotiation_class = AnyAccept

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """DRF's view works in a thread and cannot see its client leave; this waits in front of it, and can."""
        view = super().as_view(**initkwargs)

        @wraps(view)
        async def watched(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            request.call = call = Call(b"", "")
            log_lines.begin(request_id=call.public_id)
            try:
                response: HttpResponseBase = await sync_to_async(view)(request, *args, **kwargs)
            except asyncio.CancelledError:
                _leave(call)
                raise
            telling.ended(call, response.status_code, log_lines.route_of(request))
            return response

        return watched

    @property
    def call(self) -> Call:
        return cast("Call", cast("Any", self.request._request).call)

    def handle_exception(self, exc: Exception) -> Any:
        """Every refusal, and whatever else goes wrong, in OpenAI's shape, as at the other door."""
        refusal = self._refusal(exc)
        self.call.refusal = refusal
        return self._response(refuse(refusal, self.call.public_id))

    def _refusal(self, error: Exception) -> Refusal:
        if isinstance(error, Refusal):
            return error
        if isinstance(error, errors.ClientLeft):
            return errors.UpstreamFailed("The client closed its connection.")  # which nobody reads
        log.error("%s failed", self.call.public_id, exc_info=error)
        return errors.Unexpected()

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise errors.WrongMethod(request.path, request.method, ", ".join(sorted(self.allowed_methods)))

    def _response(self, reply: Reply) -> HttpResponseBase:
        headers = {"x-request-id": self.call.public_id} | dict(reply.headers + rates(self.call) + timing(self.call))
        content_type = headers.pop("content-type")
        if reply.stream is None:
            return HttpResponse(reply.body, content_type, reply.status, headers=headers)
        is_async = isinstance(self.request._request, ASGIRequest)
        content = (_watched if is_async else _blocking)(reply.stream, self.call)
        response: Any = StreamingHttpResponse(content, content_type=content_type, headers=headers)
        response._resource_closers.append(lambda: _leave(self.call))  # a generator that was never begun cannot
        return cast("HttpResponseBase", response)


class Served(GatewayView):
    """A call of a model."""

    operation: ClassVar[Operation]

    def _post(self, request: Request) -> HttpResponseBase:
        if request.headers.get("Content-Encoding", "").lower() not in {"", "identity"}:
            raise errors.EncodedBody
        self.call.body, self.call.grant = cast("bytes", request.data or b""), cast("Grant", request.auth)
        self.call.idempotency_key = request.headers.get("Idempotency-Key")
        self.call.header = lambda name: request.headers.get(name, "")
        return self._response(_in_gateway(pipeline.serve(self.call, self.operation)).result())


def _asked(operation: str, asked: Any, answered: Any) -> Callable[[Get], Get]:
    answers = {200: answered, **dict.fromkeys(REFUSALS, ErrorSerializer)}
    return cast("Callable[[Get], Get]", extend_schema(operation_id=operation, request={"application/json": asked}, responses=answers))


class ChatCompletions(Served):
    operation = operations.CHAT

    @_asked("create_chat_completion", ChatCompletionRequestSerializer, ChatCompletionSerializer)
    def post(self, request: Request) -> HttpResponseBase:
        """Answer a chat completion, whole or as a stream of server-sent events."""
        return self._post(request)


class Completions(Served):
    operation = operations.COMPLETIONS

    @_asked("create_completion", CompletionRequestSerializer, CompletionSerializer)
    def post(self, request: Request) -> HttpResponseBase:
        """Complete plain text, whole or as a stream of server-sent events."""
        return self._post(request)


class Embeddings(Served):
    operation = operations.EMBEDDINGS

    @_asked("create_embeddings", EmbeddingsRequestSerializer, EmbeddingsSerializer)
    def post(self, request: Request) -> HttpResponseBase:
        """Turn texts into vectors."""
        return self._post(request)


class Page(GatewayView):
    """A smaller answer of the gateway, the same at both doors."""

    answer: ClassVar[Callable[..., Coroutine[Any, Any, Reply]]]

    def _get(self, request: Request, **arguments: str) -> HttpResponseBase:
        self.call.grant, self.call.query = cast("Grant", request.auth), request.META.get("QUERY_STRING", "")
        return self._response(_in_gateway(type(self).answer(self.call, **arguments)).result())


def _described(
    operation: str, serializer: Any, parameters: Sequence[OpenApiParameter] = (), refusals: Sequence[int] = ()
) -> Callable[[Get], Get]:
    """``serializer`` of the answer, or by status and content type where there are several."""
    told = serializer if isinstance(serializer, dict) else {200: serializer}
    answers = told | dict.fromkeys((401, *refusals, 429, 503), ErrorSerializer)
    return cast("Callable[[Get], Get]", extend_schema(operation_id=operation, parameters=list(parameters), responses=answers))


class Models(Page):
    answer = pages.models

    @_described("list_models", ModelListSerializer)
    def get(self, request: Request) -> HttpResponseBase:
        """The models this key may call, the available ones first."""
        return self._get(request)


class OneModel(Page):
    answer = pages.model

    @_described("get_model", ModelSerializer, refusals=(404,))
    def get(self, request: Request, name: str) -> HttpResponseBase:
        """One model, by its display name, slug or vendor id."""
        return self._get(request, name=name)


class Offers(Page):
    answer = pages.offers

    @_described("list_provider_models", OfferSerializer(many=True))
    def get(self, request: Request) -> HttpResponseBase:
        """Every model at every provider that serves it, in CLōD's own words."""
        return self._get(request)


class Key(Page):
    answer = pages.key

    @_described("get_key", KeySerializer)
    def get(self, request: Request) -> HttpResponseBase:
        """What this key may do, what it has used, and when its limits begin anew."""
        return self._get(request)


class Requests(Page):
    answer = pages.requests

    @_described("list_key_requests", RequestListSerializer, PAGING, refusals=(400,))
    def get(self, request: Request) -> HttpResponseBase:
        """The settled requests of the key's project, newest first."""
        return self._get(request)


class OneRequest(Page):
    answer = pages.request

    @_described("get_key_request", RequestDetailSerializer, refusals=(404,))
    def get(self, request: Request, public_id: str) -> HttpResponseBase:
        """One settled request of the key's project, with its attempts and the routing decision."""
        return self._get(request, public_id=public_id)


class Usage(Page):
    answer = usage.answer

    @_described("get_key_usage", usage_api.ANSWERS, usage_api.PARAMETERS, refusals=(400,))
    def get(self, request: Request) -> HttpResponseBase:
        """What the requests of the key's project add up to, by day or hour, and by model, key, data center or status."""
        return self._get(request)


def _in_gateway(work: Coroutine[Any, Any, Result]) -> "Future[Result]":
    """Run it on the gateway's loop, which need not be the one we are on (and in a thread there is none)."""
    return asyncio.run_coroutine_threadsafe(work, runtime.loop())


def _leave(call: Call) -> None:
    """Tell the call that its client is gone; one that has ended by then does not mind."""
    runtime.loop().call_soon_threadsafe(call.leave)


async def _watched(outbox: Outbox, call: Call) -> AsyncIterator[bytes]:
    """Django closes this when the client leaves."""
    try:
        while (frame := await asyncio.wrap_future(_in_gateway(outbox.next()))) is not None:
            yield frame
    finally:
        _leave(call)


def _blocking(outbox: Outbox, call: Call) -> Iterator[bytes]:
    """The same from a thread of a WSGI server, which has no event loop of its own."""
    try:
        while (frame := _in_gateway(outbox.next()).result()) is not None:
            yield frame
    finally:
        _leave(call)
