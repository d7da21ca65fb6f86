"""The attempts of one call: which endpoint is tried, what its failure means for the next."""

import asyncio
import logging
from collections import deque

from catalog import health, places, routing
from catalog.places import Place
from catalog.providers import ADAPTERS
from catalog.snapshot import ModelCard, Route
from clod_site.lib import clock
from clod_site.lib.at_hand import settings
from clod_site.lib.destinations import Denied
from clod_site.lib.refusal import Refusal
from gateway.errors import UpstreamFailed, UpstreamOverloaded, UpstreamRefused, UpstreamTooSlow
from gateway.sse import EventTooLarge
from gateway.tracing import Trace
from gateway.upstream import dispatch, quirks, verdict
from gateway.upstream.answer import Answer, Translation
from gateway.upstream.attempt import Attempt, Candidate
from gateway.upstream.connection import HungUp, Response
from gateway.upstream.dispatch import Dispatch
from gateway.upstream.verdict import DislikesUsageOption, Failed, Overloaded
from gateway.wire.request import Ask

log = logging.getLogger("gateway.upstream")

MAX_ATTEMPTS = 3
RETRY_AFTER_S = 5  # where no endpoint named a time
BROKEN_OFF = (b'data: {"error":{', b'data: {"error": {')  # not null: some say that with every chunk
FAILURES = (OSError, TimeoutError, Failed, ValueError)  # ValueError: an address or credential HTTP cannot carry


class Caller:
    """Makes the attempts of one call and remembers each."""

    def __init__(self, ask: Ask, candidates: tuple[Candidate, ...], trace: Trace | None = None) -> None:
        self._ask = ask
        self._trace = trace
        self._candidates = candidates
        self._most_attempts = MAX_ATTEMPTS
        self._failures: dict[int, BaseException] = {}  # of each endpoint its last
        self.attempts: list[Attempt] = []

    async def open(self) -> Answer:
        """The first endpoint that begins to answer.

        Raises UpstreamRefused when one says that the request is at fault (another would say the same), UpstreamFailed when all
        that were tried failed (for one common reason UpstreamOverloaded or UpstreamTooSlow), ModelNotAvailable when none had a
        place. One that hung up without a word is tried once more, since a kept connection may have died between two calls; so is
        one that only disliked what we added.
        """
        waiting, tried_again = deque(self._candidates), set[int]()
        while waiting and len(self.attempts) < self._most_attempts:
            card, route = waiting.popleft()
            place = self._place_at(route)
            if place is None:
                continue
            attempt = self._begin(route)
            try:
                patience_s = self._patience(route) if waiting else None
                if patience_s is None:
                    return await self._attempt(card, attempt, place)
                async with asyncio.timeout(patience_s):
                    return await self._attempt(card, attempt, place)
            except FAILURES as error:
                self._failed(attempt, error)
                if isinstance(error, HungUp | DislikesUsageOption) and route.endpoint_id not in tried_again:
                    tried_again.add(route.endpoint_id)
                    waiting.appendleft((card, route))
        raise self._all_failed()

    @property
    def route(self) -> Route:
        """Whom we are talking to, or shall first."""
        return self.attempts[-1].route if self.attempts else self._candidates[0][1]

    def try_no_more(self) -> None:
        """Nobody waits for an answer any longer: the attempt that runs is the last."""
        self._most_attempts = 0

    def ran_out_of_time(self) -> None:
        """The deadline passed while an endpoint kept silent."""
        if self.attempts:
            self._failed(self.attempts[-1], TimeoutError())

    def _place_at(self, route: Route) -> Place | None:
        """None when every place there is taken, or when it is left out since the call was routed."""
        place = places.take(route.endpoint_id, route.max_concurrency)
        if place and not health.may_try(route.endpoint_id):
            place.leave()
            return None
        return place

    def _patience(self, route: Route) -> float | None:
        """How long a first byte is waited for while others could answer: of our own servers, and of a stream, which begins at once.

        A third party may think for minutes and bill the thoughts of a call that was given up.
        """
        return settings.CLOD_FIRST_BYTE_S if self._ask.is_stream and route.data_center else None

    def _begin(self, route: Route) -> Attempt:
        attempt = Attempt(len(self.attempts) + 1, route, clock.now(), clock.monotonic())
        if self._trace:
            attempt.span = self._trace.attempt(self._ask.operation, route, attempt.number)
        self.attempts.append(attempt)
        return attempt

    async def _attempt(self, card: ModelCard, attempt: Attempt, place: Place) -> Answer:
        dialect = ADAPTERS[attempt.route.adapter].dialect
        translation = Translation(dialect) if dialect and self._ask.is_stream else None
        try:
            request = dispatch.prepare(self._ask, attempt.route, self._ask.output_bound(card), attempt.span.headers if attempt.span else {})
            response, first = await self._opened(attempt, request, translation)
        except BaseException as error:
            place.leave()
            self._ended(attempt, error)
            raise
        attempt.first_byte_ms = attempt.elapsed_ms()
        return Answer(card, attempt, response, first, place, dialect, translation)

    async def _opened(self, attempt: Attempt, request: Dispatch, translation: Translation | None) -> tuple[Response, bytes]:
        response = await request.send()
        try:
            await verdict.check(response, attempt.route, request, self._ask.is_stream)
            return response, await _first(response, translation)
        except BaseException:
            response.close()
            raise

    def _ended(self, attempt: Attempt, error: BaseException) -> None:
        """Without having failed: who refuses a request is well; of one that was given up we know nothing."""
        if isinstance(error, UpstreamRefused):
            attempt.end("refused")
            health.answered(attempt.route.endpoint_id)
        elif isinstance(error, asyncio.CancelledError):
            attempt.end("cancelled")
            health.left(attempt.route.endpoint_id)

    def _failed(self, attempt: Attempt, error: BaseException) -> None:
        self._failures[attempt.route.endpoint_id] = error
        attempt.end(str(error) if isinstance(error, Failed) else type(error).__name__)
        if isinstance(error, DislikesUsageOption):
            quirks.learned_no_usage_option(attempt.route.endpoint_id)
        else:
            health.failed(attempt.route.endpoint_id)
        why = f"{attempt.outcome}: {error}" if isinstance(error, Denied) else attempt.outcome
        log.warning("%r failed before its first byte: %s", attempt.route, why)

    def _all_failed(self) -> Refusal:
        if not self.attempts:
            return routing.all_taken(self._candidates[0][0].name)
        tried = ", ".join(dict.fromkeys(attempt.route.data_center_name or attempt.route.provider for attempt in self.attempts))
        if all(isinstance(failure, Overloaded) for failure in self._failures.values()):
            return self._all_overloaded(tried)
        message = f"No endpoint of this model answered (tried: {tried}). You were not charged. Try again, or name another model."
        if all(attempt.outcome.endswith("TimeoutError") for attempt in self.attempts):
            return UpstreamTooSlow(message, retry_after_s=RETRY_AFTER_S)
        return UpstreamFailed(message, retry_after_s=RETRY_AFTER_S)

    def _all_overloaded(self, tried: str) -> Refusal:
        """Worth trying again as soon as the first of them says."""
        waits = [failure.retry_after_s for failure in self._failures.values() if isinstance(failure, Overloaded)]
        wait_s = min(filter(None, waits), default=RETRY_AFTER_S)
        return UpstreamOverloaded(
            f"Every endpoint of this model that was tried is overloaded ({tried}). You were not charged. "
            f"Try again in {wait_s} second{'s' * (wait_s > 1)}, or name another model.",
            retry_after_s=wait_s,
        )


async def _first(response: Response, translation: Translation | None) -> bytes:
    """The first bytes of an answer; of a translated stream, the first that mean something. Failed when there are none, or only an error."""
    while received := await response.some():
        first = _translated(received, translation) if translation else received
        if first.startswith(BROKEN_OFF):
            raise Failed("error before its first word")
        if first:
            return first
    raise Failed("empty answer")


def _translated(received: bytes, translation: Translation) -> bytes:
    try:
        return translation.feed(received)
    except (UpstreamFailed, EventTooLarge) as error:
        raise Failed("not its dialect") from error
