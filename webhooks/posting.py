"""One try: a POST to an address that somebody else has named, and what became of it. No database.

The connection goes to an address that ``destinations`` lets through; redirects are not followed; of the answer a little is read.
"""

import ssl
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver

from clod_site.lib import clock, destinations
from clod_site.lib.destinations import Denied
from clod_site.lib.reachable import Reachable

TIME_OUT_S = 10
MOST_READ_BYTES = 2000
MOST_SHOWN = 500
GONE = 410
CONTENT = {"Content-Type": "application/json", "User-Agent": "CLoD-Webhooks/1"}


@dataclass(frozen=True)
class Outcome:
    """``status`` is None where no answer came; ``answer`` is what it said, or why there is none. Times are milliseconds."""

    status: int | None
    answer: str
    response_ms: int

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        return self.status == GONE


def session(names: AbstractResolver | None = None) -> aiohttp.ClientSession:
    """Made and closed in one loop. ``names`` stands in for the resolver of this machine."""
    connector = aiohttp.TCPConnector(
        resolver=Reachable(destinations.for_tenants(), names=names), limit=0, force_close=True, use_dns_cache=False
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(total=TIME_OUT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers=CONTENT,
    )


async def post(client: aiohttp.ClientSession, url: str, headers: dict[str, str], body: bytes) -> Outcome:
    """Whatever happens is an outcome."""
    began = clock.monotonic()
    try:
        destinations.checked(url, destinations.for_tenants())  # addresses in digits are not looked up, so no resolver sees them
        async with client.post(url, data=body, headers=headers, allow_redirects=False) as response:
            status, answer = response.status, await _told(response)
    except Exception as error:
        return Outcome(None, _why(error), _ms_since(began))
    return Outcome(status, answer, _ms_since(began))


async def _told(response: aiohttp.ClientResponse) -> str:
    """What the answer says; its status counts, however its body ends."""
    if 300 <= response.status < 400:
        return shortened(f"It answered with a redirect to {response.headers.get('Location', 'nowhere')}, and redirects are not followed.")
    read = b""
    try:
        while len(read) < MOST_READ_BYTES and (piece := await response.content.read(MOST_READ_BYTES - len(read))):
            read += piece
    except (aiohttp.ClientError, TimeoutError):
        pass
    return shortened(read.decode("utf-8", "replace"))


def shortened(text: str) -> str:
    """As it may be kept and shown: without characters that no database takes."""
    clean = "".join(character for character in text if character.isprintable() or character in "\n\t").strip()
    return clean if len(clean) <= MOST_SHOWN else f"{clean[: MOST_SHOWN - 1]}…"


def _why(error: Exception) -> str:
    denied = _denied(error)
    if denied:
        return shortened(str(denied).partition(" Whoever runs")[0])
    if isinstance(error, TimeoutError):
        return f"No answer within {TIME_OUT_S} seconds."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The name of the server is not known."
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError | aiohttp.ClientSSLError):
        return shortened(f"No trusted TLS connection: {error}")
    if isinstance(error, aiohttp.ClientConnectorError):
        return shortened(f"No connection: {error.os_error.strerror or 'refused'}.")
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "The server closed the connection without an answer."
    return shortened(f"No answer that is HTTP: {type(error).__name__}.")


def _denied(error: BaseException | None) -> Denied | None:
    while error is not None and not isinstance(error, Denied):
        error = error.__cause__ or error.__context__
    return error


def _ms_since(began: float) -> int:
    return round((clock.monotonic() - began) * 1000)
