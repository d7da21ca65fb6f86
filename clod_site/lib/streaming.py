"""Long answers sent as they are made, also by an ASGI server.

Django's own StreamingHttpResponse collects a synchronous iterator into a list before an ASGI server sees its first piece. Here each piece
is made when the one before it has been taken, in the request's own thread, where its database connection is.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


class Streamed(StreamingHttpResponse):
    """Of a synchronous iterator of texts or bytes. Its reader's leaving closes the iterator."""

    def __init__(self, pieces: Iterator[str] | Iterator[bytes], **options: Any) -> None:
        super().__init__(pieces, **options)
        self.pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        following = sync_to_async(lambda: next(self.pieces, None))
        while (piece := await following()) is not None:
            if piece:
                yield self.make_bytes(piece)
