"""What the head of an answer means: go on, refused, or failed; and whether the request, the endpoint or our account is at fault."""

import asyncio
import math
from contextlib import suppress
from email.utils import parsedate_to_datetime

import msgspec

from catalog.providers import ADAPTERS
from catalog.snapshot import Route
from clod_site.lib import clock
from gateway.errors import UpstreamRefused
from gateway.upstream.connection import Broken, Response
from gateway.upstream.dispatch import EVENT_STREAM, Dispatch

MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_S = 2.0
CLIENTS_FAULT = frozenset({400, 413, 415, 422})
OVERLOADED = frozenset({429, 503, 529})
LONGEST_RETRY_AFTER_S = 60


class Failed(Exception):
    """This endpoint failed; another may not."""


class Overloaded(Failed):
    """It has more to do than it can. ``retry_after_s`` is what it asked for, from 1 to 60 seconds; None when it named no time."""

    def __init__(self, status: int, retry_after_s: int | None) -> None:
        super().__init__(f"status {status}")
        self.retry_after_s = retry_after_s


class DislikesUsageOption(Failed):
    """It refused ``stream_options``, which we added: without it, it may answer."""


async def check(response: Response, route: Route, dispatch: Dispatch, is_stream: bool) -> None:
    """Raise what the head of an answer means, unless it is the one we asked for."""
    if response.status in CLIENTS_FAULT:
        raise _refusal(response.status, await _error_body(response), route, dispatch)
    if response.status in OVERLOADED:
        raise Overloaded(response.status, _retry_after_s(response.headers.get("retry-after", "")))
    if response.status != 200:
        raise Failed(f"status {response.status}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise Failed("compressed answer")
    if is_stream and response.headers.get("content-type") and response.content_type != EVENT_STREAM:
        raise Failed("not a stream")


def _refusal(status: int, body: bytes, route: Route, dispatch: Dispatch) -> Exception:
    if dispatch.wants_usage and b"stream_options" in body:
        return DislikesUsageOption("stream_options refused")
    if any(words in body for words in ADAPTERS[route.adapter].our_fault):
        return Failed(f"status {status}: our account there")
    return UpstreamRefused(f"The model's server refused the request: {_message(body, route) or f'status {status}'}")


def _retry_after_s(text: str) -> int | None:
    """Seconds, or a date, as HTTP has it."""
    try:
        seconds = float(text) if text[:1].isdigit() else (parsedate_to_datetime(text) - clock.now()).total_seconds()
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None
    return math.ceil(min(max(seconds, 1), LONGEST_RETRY_AFTER_S))


async def _error_body(response: Response) -> bytes:
    """As much of it as comes within a moment, up to 64 KiB."""
    body = bytearray()
    with suppress(TimeoutError, Broken):
        async with asyncio.timeout(ERROR_BODY_S):
            while len(body) < MAX_ERROR_BYTES and (part := await response.some()):
                body += part
    return bytes(body[:MAX_ERROR_BYTES])


def _message(body: bytes, route: Route) -> str:
    """The sentence in an error body, where all providers put it; without control characters and what is ours, at most 500 long."""
    try:
        error = msgspec.json.decode(body)["error"]
        text = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    for secret in filter(None, (route.credential, route.base_url)):
        text = text.replace(secret, "[removed]")
    return "".join(character for character in text if character.isprintable())[:500]
