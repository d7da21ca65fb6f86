"""The one way feeds reach the network: bounded in time, size and tries; no redirects, no proxies.

A market's answer is at most 5 MB and takes at most 15 seconds; an outage is tried again twice, within half a minute in all.
We ask for plain bytes; a gateway that packs them all the same is unpacked, to the same 5 MB.
"""

import http.client
import random
import ssl
import time
import zlib
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import urlsplit

from catalog.energy.feeds import AuthMissing, FeedError, RateLimited, SchemaChanged, SourceDown
from clod_site.lib import clock

CONNECT_S, READ_S, TOTAL_S = 5, 15, 30
MAX_BYTES = 5 * 1024 * 1024
TRIES = 3
CHUNK = 65_536
RETRY_AFTER_S = 300
USER_AGENT = "CLoD-gateway/0.1 (electricity prices every five minutes)"


def get(url: str, *, headers: Mapping[str, str] | None = None, cookie: str = "", apart_s: float = 0) -> bytes:
    """The body of a 200; everything else is a FeedError. Tries are at least ``apart_s`` apart."""
    sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **(headers or {}), **({"Cookie": cookie} if cookie else {})}
    return _tried(url, sent, apart_s)[0]


def cookie(url: str) -> str:
    """The cookies a page sets, as a header sends them back."""
    _, answer = _tried(url, {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
    return "; ".join(line.split(";", 1)[0] for line in answer.headers.get_all("Set-Cookie") or ())


def _tried(url: str, headers: Mapping[str, str], apart_s: float = 0) -> tuple[bytes, http.client.HTTPResponse]:
    deadline = clock.monotonic() + TOTAL_S
    for number in range(1, TRIES + 1):
        try:
            return _once(url, headers, min(clock.monotonic() + READ_S, deadline))
        except SourceDown:
            pause = apart_s + random.uniform(0.5, 1.5) * number  # noqa: S311 (only so that not all try at once)
            if number == TRIES or clock.monotonic() + pause >= deadline:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def _once(url: str, headers: Mapping[str, str], deadline: float) -> tuple[bytes, http.client.HTTPResponse]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(kind(parts.netloc, timeout=CONNECT_S)) as connection:
        try:
            connection.connect()
            connection.sock.settimeout(max(deadline - clock.monotonic(), 0.1))
            connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path, headers=dict(headers))
            with closing(connection.getresponse()) as answer:
                _check(answer)
                return _body(answer, deadline), answer
        except FeedError:
            raise
        except ssl.SSLCertVerificationError as error:
            raise SourceDown(f"{parts.hostname} shows a certificate that is not valid: {error.verify_message}") from None
        except (OSError, http.client.HTTPException) as error:
            raise SourceDown(f"{parts.hostname} does not answer: {error or type(error).__name__}") from None


def _check(answer: http.client.HTTPResponse) -> None:
    status = answer.status
    if status == 429:
        after = answer.headers.get("Retry-After", "")
        raise RateLimited("too many requests", min(int(after), 3600) if after.isdecimal() else RETRY_AFTER_S)
    if status in {401, 403}:
        raise AuthMissing(f"the market refuses us with status {status}: the key is missing or not valid, or it wants a cookie")
    if 300 <= status < 400:
        raise SchemaChanged(f"the address has moved to {answer.headers.get('Location', 'somewhere')[:200]}")
    if status == 400:
        raise SchemaChanged("the market does not understand the question (status 400)")
    if status in {404, 410}:
        raise SchemaChanged(f"the address is gone (status {status})")
    if status != 200:
        raise SourceDown(f"status {status}")


def _body(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    body = bytearray()
    while chunk := answer.read1(CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise SchemaChanged(f"the answer is larger than {MAX_BYTES // 1024**2} MB")
        if clock.monotonic() > deadline:
            raise SourceDown(f"the answer was not complete after {READ_S} s")
    if answer.length:
        raise SourceDown("the answer is cut off")
    return _unpacked(bytes(body)) if answer.headers.get("Content-Encoding", "").lower() == "gzip" else bytes(body)


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    try:
        plain = unpacker.decompress(body, MAX_BYTES)
    except zlib.error:
        raise SourceDown("the answer is packed and damaged") from None
    if unpacker.unconsumed_tail:
        raise SchemaChanged(f"the answer is larger than {MAX_BYTES // 1024**2} MB")
    if not unpacker.eof:
        raise SourceDown("the answer is cut off")
    return plain
