"""Answers that are made while they are sent, also where the server is asynchronous: Django would first make all of them."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest


def pieces(request: HttpRequest, made: Iterator[bytes]) -> Iterator[bytes] | AsyncIterator[bytes]:
    """For ``StreamingHttpResponse``. Each piece is made in the request's own thread, where its database connection is."""
    return _one_by_one(made) if isinstance(request, ASGIRequest) else made


async def _one_by_one(made: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece := await sync_to_async(_next)(made):
        yield piece


def _next(made: Iterator[bytes]) -> bytes:
    return next(made, b"")
