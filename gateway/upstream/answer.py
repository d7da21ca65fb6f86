"""An upstream's answer as OpenAI would give it: passed on as it comes, or translated from the provider's own dialect."""

from collections.abc import Iterator

from catalog.places import Place
from catalog.providers.dialect import Blocked, Dialect
from catalog.snapshot import ModelCard
from gateway.errors import UpstreamFailed, UpstreamRefused
from gateway.sse import Events
from gateway.upstream.attempt import Attempt
from gateway.upstream.connection import Hear, Response

MAX_ANSWER_BYTES = 32 * 1024 * 1024


class Translation:
    """A stream of a dialect's events in, one of OpenAI's out. What is no such event ends it with UpstreamFailed."""

    def __init__(self, dialect: Dialect) -> None:
        self._events = Events()
        self._translator = dialect.translator()

    def feed(self, received: bytes) -> bytes:
        try:
            return b"".join([b"data: " + chunk + b"\n\n" for chunk in self._chunks(received)])
        except Blocked as block:
            raise blocked(block) from block
        except ValueError as error:
            raise UpstreamFailed("The model's server sent something that is not an event of its API.") from error

    def _chunks(self, received: bytes) -> Iterator[bytes]:
        for event in self._events.feed(received):
            yield from self._translator.feed(event)


def blocked(block: Blocked) -> UpstreamRefused:
    return UpstreamRefused(f"The model's provider will not answer this prompt: {block}. Change it, or choose another model.")


class Answer:
    """An upstream that has begun to answer with 200. ``first`` is what it has sent so far, translated already.

    It keeps its place at the endpoint until its last byte, or until it is closed or released.
    """

    def __init__(
        self,
        card: ModelCard,
        attempt: Attempt,
        response: Response,
        first: bytes,
        place: Place,
        dialect: Dialect | None = None,
        translation: Translation | None = None,
    ) -> None:
        self.card = card
        self.attempt = attempt
        self._response = response
        self._first = first
        self._place = place
        self._dialect = dialect
        self._translation = translation

    async def pour(self, hear: Hear) -> bool:
        """Its bytes as they arrive, as ``Response.pour`` has it: True at its end, False where ``hear`` has enough for now."""
        first, self._first = self._first, b""
        if first and hear(first):
            return False
        is_over = await self._response.pour(self._translated(self._translation, hear) if self._translation else hear)
        if is_over:
            self._place.leave()
        return is_over

    @staticmethod
    def _translated(translation: Translation, hear: Hear) -> Hear:
        return lambda received: hear(translation.feed(received))

    async def read(self) -> bytes:
        """All of it. Raises ValueError for what is no answer in the provider's dialect."""
        parts, size = [self._first], len(self._first)
        while chunk := await self._response.some():
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise UpstreamFailed("The model's answer was larger than 32 MiB. Ask for fewer tokens.")
        self._place.leave()
        return self._completion(b"".join(parts))

    def _completion(self, body: bytes) -> bytes:
        try:
            return self._dialect.completion(body) if self._dialect else body
        except Blocked as block:
            raise blocked(block) from block

    def close(self) -> None:
        """End it now: the upstream sees its connection close and can stop."""
        self._response.close()
        self._place.leave()

    async def release(self) -> None:
        """Give the connection back to the pool; one whose answer does not end within a moment is closed instead."""
        await self._response.release()
        self._place.leave()
