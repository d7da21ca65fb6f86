"""The same completion as a DRF endpoint: schema, browsable documentation, and a door that works under any server.

Always at /api/v1/…; at /v1/… too when the fast lane is switched off. It only translates: pipeline.serve does the work.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, NoReturn, cast

from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from clod_site.lib.refusal import Refusal
from gateway import admit, errors, pipeline, runtime
from gateway.calls import Call, Reply, refuse
from gateway.serializers import ChatCompletionRequestSerializer, ChatCompletionSerializer, ErrorSerializer
from projects.grants import Grant

log = logging.getLogger("gateway.views")


class BearerKey(BaseAuthentication):
    """``Authorization: Bearer clod_sk_…``."""

    def authenticate(self, request: Request) -> tuple[None, Grant]:
        call = Call(b"", request.headers.get("Authorization", ""))
        return None, asyncio.run_coroutine_threadsafe(admit.identify(call), runtime.loop()).result()


class BearerKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[misc]
    target_class = BearerKey
    name = "ApiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class WholeBody(BaseParser):
    """The bytes as they came, whatever they call themselves: gateway.wire decodes them once."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream.read()


class AnyAccept(BaseContentNegotiation):
    """JSON or a stream, as the body asks; the Accept header has no say."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class GatewayView(APIView):
    authentication_classes = (BearerKey,)
    permission_classes = ()
    parser_classes = (WholeBody,)
    content_negotiation_class = AnyAccept

    def setup(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.call = Call(b"", "")

    def handle_exception(self, exc: Exception) -> Any:
        """Every refusal, and whatever else goes wrong, in OpenAI's shape, as at the other door."""
        return self._response(refuse(self._refusal(exc), self.call.public_id))

    def _refusal(self, error: Exception) -> Refusal:
        if isinstance(error, Refusal):
            return error
        if isinstance(error, RequestDataTooBig):
            return errors.BodyTooLarge()
        log.error("%s failed", self.call.public_id, exc_info=error)
        return errors.Unexpected()

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> NoReturn:
        raise errors.WrongMethod(f"{request.path} takes {', '.join(sorted(self.allowed_methods))}, not {request.method}.")

    def _response(self, reply: Reply) -> HttpResponseBase:
        headers = dict(reply.headers)
        content_type = headers.pop("content-type")
        if reply.frames is None:
            return HttpResponse(reply.body, content_type, reply.status, headers=headers)
        is_async = isinstance(self.request._request, ASGIRequest)
        content = (_watched if is_async else _blocking)(reply.frames(), self.call)
        return StreamingHttpResponse(content, content_type=content_type, headers=headers)


class ChatCompletions(GatewayView):
    @extend_schema(  # type: ignore[untyped-decorator]
        operation_id="create_chat_completion",
        request={"application/json": ChatCompletionRequestSerializer},
        responses={200: ChatCompletionSerializer, **dict.fromkeys((400, 401, 402, 403, 404, 413, 415, 502, 503, 504), ErrorSerializer)},
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Answer a chat completion, whole or as a stream of server-sent events."""
        if request.headers.get("Content-Encoding", "identity") != "identity":
            raise errors.EncodedBody
        self.call.body, self.call.grant = cast("bytes", request.data or b""), cast("Grant", request.auth)
        return self._response(asyncio.run_coroutine_threadsafe(pipeline.serve(self.call), runtime.loop()).result())


async def _watched(frames: AsyncIterator[bytes], call: Call) -> AsyncIterator[bytes]:
    """Django closes this when the client leaves; a call that has ended by then does not mind."""
    try:
        async for frame in frames:
            yield frame
    finally:
        call.leave()


def _blocking(frames: AsyncIterator[bytes], call: Call) -> Iterator[bytes]:
    """The same from a thread of a WSGI server, which has no event loop of its own."""

    async def following() -> bytes | None:
        return await anext(frames, None)

    try:
        while (frame := asyncio.run_coroutine_threadsafe(following(), runtime.loop()).result()) is not None:
            yield frame
    finally:
        runtime.loop().call_soon_threadsafe(call.leave)
