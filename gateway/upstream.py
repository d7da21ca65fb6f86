"""Calls to endpoints: several attempts under one deadline, failing over until the first byte of an answer, never after it."""

import asyncio
import io
import logging
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime

import aiohttp
import msgspec

from billing.holds import AttemptRow
from catalog import health
from catalog.providers import ADAPTERS
from catalog.snapshot import ModelCard, Route
from clod_site.lib import clock
from gateway.errors import UpstreamFailed, UpstreamRefused, UpstreamTooSlow
from gateway.wire import request
from gateway.wire.request import Ask

log = logging.getLogger("gateway.upstream")

MAX_ATTEMPTS = 3
CONNECT_TIMEOUT_S = 5
MAX_ANSWER_BYTES = 32 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 2.0
RELEASE_S = 0.5
ONE_WRITE_BYTES = 1024 * 1024
EVENT_STREAM = "text/event-stream"
CLIENTS_FAULT = frozenset({400, 413, 415, 422})

Candidate = tuple[ModelCard, Route]


class Attempt(msgspec.Struct):
    """One try at one endpoint, from the instant it starts."""

    number: int
    route: Route
    started_at: datetime
    started: float
    first_byte_ms: int | None = None
    outcome: str = "running"

    def elapsed_ms(self) -> int:
        return round((clock.monotonic() - self.started) * 1000)

    def row(self, upstream_cost_nanousd: int = 0) -> AttemptRow:
        return AttemptRow(
            self.number, self.route.endpoint_id, self.started_at, self.first_byte_ms, self.elapsed_ms(), upstream_cost_nanousd, self.outcome
        )


class Answer:
    """An upstream that has begun to answer with 200. ``first`` is what it has sent so far."""

    def __init__(self, card: ModelCard, attempt: Attempt, response: aiohttp.ClientResponse, first: bytes) -> None:
        self.card = card
        self.attempt = attempt
        self._response = response
        self._first = first

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Its bytes as they arrive. Raises what aiohttp raises when the connection breaks."""
        if self._first:
            yield self._first
        async for chunk in self._response.content.iter_any():
            yield chunk

    async def read(self) -> bytes:
        parts, size = [], 0
        async for chunk in self.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > MAX_ANSWER_BYTES:
                raise UpstreamFailed("The model's answer was larger than 32 MiB. Ask for fewer tokens.")
        return b"".join(parts)

    def close(self) -> None:
        """End it now: the upstream sees its connection close and can stop."""
        self._response.close()

    async def release(self) -> None:
        """Give the connection back to the pool; one whose answer does not end within a moment is closed instead."""
        try:
            async with asyncio.timeout(RELEASE_S):
                await self._response.content.readany()
        except (TimeoutError, aiohttp.ClientError):
            pass
        self._response.release()


class Caller:
    """Makes the attempts of one call and remembers each."""

    def __init__(self, ask: Ask, candidates: tuple[Candidate, ...], output_limit: int) -> None:
        self._ask = ask
        self._candidates = candidates
        self._output_limit = output_limit
        self._most_attempts = MAX_ATTEMPTS
        self.attempts: list[Attempt] = []

    async def open(self) -> Answer:
        """The first endpoint that begins to answer.

        Raises UpstreamRefused when one says that the request is at fault (another would say the same), UpstreamFailed
        when all that were tried failed. One that hung up without a word is tried once more, since a kept connection may
        have died between two calls.
        """
        waiting, tried_again = deque(self._candidates), set[int]()
        while waiting and len(self.attempts) < self._most_attempts:
            card, route = waiting.popleft()
            attempt = Attempt(len(self.attempts) + 1, route, clock.now(), clock.monotonic())
            self.attempts.append(attempt)
            try:
                response, first = await self._attempt(attempt)
            except asyncio.CancelledError:
                attempt.outcome = "cancelled"
                raise
            except FAILURES as error:
                self._failed(attempt, error)
                if isinstance(error, HUNG_UP) and route.endpoint_id not in tried_again:
                    tried_again.add(route.endpoint_id)
                    waiting.appendleft((card, route))
                continue
            attempt.first_byte_ms = attempt.elapsed_ms()
            return Answer(card, attempt, response, first)
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

    async def _attempt(self, attempt: Attempt) -> tuple[aiohttp.ClientResponse, bytes]:
        route = attempt.route
        adapter = ADAPTERS[route.adapter]
        headers = {"content-type": "application/json", "accept": EVENT_STREAM if self._ask.is_stream else "application/json"}
        if route.credential:
            headers[adapter.credential_header] = adapter.credential_prefix + route.credential
        body = request.upstream_body(self._ask, route, adapter, self._output_limit)
        url = f"{route.base_url.rstrip('/')}/{adapter.path}"
        data = body if len(body) < ONE_WRITE_BYTES else io.BytesIO(body)  # aiohttp sends a file piece by piece
        response = await client().post(url, data=data, headers=headers, allow_redirects=False)
        try:
            await self._check(response, route)
            first = await response.content.readany()
            if not first:
                raise _Failed("empty answer")
            return response, first
        except BaseException:
            response.close()
            raise

    async def _check(self, response: aiohttp.ClientResponse, route: Route) -> None:
        """Raise what the head of an answer means, unless it is the one we asked for."""
        if response.status in CLIENTS_FAULT:
            said = _message(await _error_body(response), route) or f"status {response.status}"
            raise UpstreamRefused(f"The model's server refused the request: {said}")
        if response.status != 200:
            raise _Failed(f"status {response.status}")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise _Failed("compressed answer")
        if self._ask.is_stream and response.headers.get("content-type") and response.content_type != EVENT_STREAM:
            raise _Failed("not a stream")

    def _failed(self, attempt: Attempt, error: BaseException) -> None:
        attempt.outcome = str(error) if isinstance(error, _Failed) else type(error).__name__
        health.failed(attempt.route.endpoint_id)
        log.warning("%r failed before its first byte: %s", attempt.route, error or type(error).__name__)

    def _all_failed(self) -> UpstreamFailed | UpstreamTooSlow:
        tried = ", ".join(dict.fromkeys(attempt.route.data_center_name or attempt.route.provider for attempt in self.attempts))
        message = f"No endpoint of this model answered (tried: {tried}). You were not charged. Try again, or name another model."
        if all(attempt.outcome.endswith("TimeoutError") for attempt in self.attempts):
            return UpstreamTooSlow(message, retry_after_s=5)
        return UpstreamFailed(message, retry_after_s=5)


class _Failed(Exception):
    """This endpoint failed; another may not."""


HUNG_UP = (aiohttp.ServerDisconnectedError, ConnectionResetError, BrokenPipeError)
FAILURES = (aiohttp.ClientError, OSError, TimeoutError, _Failed, ValueError)  # ValueError: an address or credential HTTP cannot carry


async def _error_body(response: aiohttp.ClientResponse) -> bytes:
    """As much of it as comes within a moment, up to 64 KiB."""
    body = bytearray()
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(ERROR_BODY_S):
            while len(body) < MAX_ERROR_BYTES and (part := await response.content.readany()):
                body += part
    return bytes(body[:MAX_ERROR_BYTES])


def _message(body: bytes, route: Route) -> str:
    """The sentence in an OpenAI-like error body, without control characters and what is ours, at most 500 long."""
    try:
        error = msgspec.json.decode(body)["error"]
        text = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    for secret in filter(None, (route.credential, route.base_url)):
        text = text.replace(secret, "[removed]")
    return "".join(character for character in text if character.isprintable())[:500]


# --- the client: one pool of connections per event loop ------------------------------------------

_clients: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}


def client() -> aiohttp.ClientSession:
    loop = asyncio.get_running_loop()
    session = _clients.get(loop)
    if session is None or session.closed:
        session = _clients[loop] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ttl_dns_cache=60, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT_S, sock_connect=CONNECT_TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            headers={"user-agent": "CLOD-gateway", "accept-encoding": "identity"},
        )
    return session


async def close_client() -> None:
    session = _clients.pop(asyncio.get_running_loop(), None)
    if session:
        await session.close()
