"""Pools of connections, per event loop. Nothing else makes connections to an upstream.

Addresses from the environment are the deployer's own and are connected to as they are. Those that operators name in the admin are
looked at by ``guard``; with TLS and without have a pool each, because a name may be allowed for one and not for the other.
Redirects are answers like any other, proxies of the environment are not asked, and no cookie is kept.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from enum import StrEnum
from functools import cache, lru_cache, partial
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from aiohappyeyeballs import AddrInfoType, start_connection
from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver

from clod_site.lib import destinations, loops
from gateway.upstream.connection import Connection, HungUp, Response
from gateway.upstream.guard import Guarded

CONNECT_S = 5.0
KEPT_S = 30.0  # an idle connection
NAMES_KNOWN_S = 60.0
NEXT_ADDRESS_S = 0.25  # after so long without a connection the next address of a name is tried beside it
IN_A_PATH = "/%:@!$&'()*+,;=~"
OURS = "user-agent: CLOD-gateway\r\naccept-encoding: identity\r\n"
PORTS = {"https": 443, "http": 80}


class Pool(StrEnum):
    DEPLOYERS = "deployer's"
    WITH_TLS = "with TLS"
    PLAIN = "plain"


class Origin(NamedTuple):
    has_tls: bool
    host: str
    port: int


class Address(NamedTuple):
    """A URL, taken apart: where to connect to, and how a request for it begins."""

    origin: Origin
    head: str


@lru_cache(maxsize=4096)
def address(url: str) -> Address:
    """ValueError for what is no address of a server."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None:
        raise ValueError("not an address")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    port = parts.port or PORTS[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    if port != PORTS[parts.scheme]:
        shown += f":{port}"
    path = quote(parts.path, safe=IN_A_PATH) or "/"
    if parts.query:
        path += "?" + quote(parts.query, safe=IN_A_PATH + "?")
    return Address(Origin(parts.scheme == "https", host, port), f"POST {path} HTTP/1.1\r\nhost: {shown}\r\n{OURS}")


async def post(pool: Pool, url: str, headers: Mapping[str, str], body: bytes) -> Response:
    """The answer to a POST, once its head has come. Raises OSError (Broken, HungUp), TimeoutError where no connection came about in five
    seconds, ValueError for an address or headers that HTTP cannot carry, Denied for an address that may not be reached."""
    where = address(url)
    said = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if said.count("\n") != len(headers) or said.count("\r") != len(headers) or "\0" in said:
        raise ValueError("a line break in a header")
    head = f"{where.head}content-length: {len(body)}\r\n{said}\r\n".encode("latin-1")
    connection = await _pools[pool].here().take(where.origin)
    return await connection.ask(head + body).begun()


class Connections:
    """Of one pool on one event loop. The one that was used last is used next, so that those too many grow old."""

    def __init__(self, resolver: AbstractResolver) -> None:
        self._resolver = resolver
        self._loop = asyncio.get_running_loop()
        self._idle: dict[Origin, list[Connection]] = {}
        self._all: set[Connection] = set()
        self._known: dict[Origin, tuple[float, list[AddrInfoType]]] = {}
        self._tidying: asyncio.TimerHandle | None = None

    async def take(self, origin: Origin) -> Connection:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if not connection.is_closing:
                return connection
        return await self._connect(origin)

    def close(self) -> None:
        if self._tidying:
            self._tidying.cancel()
        for connection in list(self._all):
            connection.abort()

    async def _connect(self, origin: Origin) -> Connection:
        async with asyncio.timeout(CONNECT_S):
            found = await self._addresses(origin)
            connected = await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS_S, loop=self._loop)
            try:
                tls, name = (_tls(), origin.host) if origin.has_tls else (None, None)
                made = partial(Connection, origin, self._keep, self._forget)
                _, connection = await self._loop.create_connection(made, sock=connected, ssl=tls, server_hostname=name)
            except BaseException:
                connected.close()
                raise
        self._all.add(connection)
        if connection.is_closing:
            self._forget(connection)
            raise HungUp("it hung up")
        return connection

    async def _addresses(self, origin: Origin) -> list[AddrInfoType]:
        """What a name stands for, looked up once a minute; digits are no name."""
        until, found = self._known.get(origin, (0.0, []))
        if self._loop.time() >= until:
            found = _of_digits(origin) or [
                _found(one["host"], one["port"])
                for one in await self._resolver.resolve(origin.host, origin.port, socket.AddressFamily.AF_UNSPEC)
            ]
            self._known[origin] = self._loop.time() + NAMES_KNOWN_S, found
        return found

    def _keep(self, connection: Connection) -> None:
        connection.idle_since = self._loop.time()
        self._idle.setdefault(connection.origin, []).append(connection)
        if self._tidying is None:
            self._tidying = self._loop.call_later(KEPT_S, self._tidy)

    def _forget(self, connection: Connection) -> None:
        self._all.discard(connection)
        if connection in (idle := self._idle.get(connection.origin, [])):
            idle.remove(connection)

    def _tidy(self) -> None:
        """Close what nobody has wanted for a while."""
        self._tidying, oldest = None, self._loop.time() - KEPT_S
        for origin, idle in list(self._idle.items()):
            for connection in [each for each in idle if each.idle_since <= oldest]:
                connection.abort()
                idle.remove(connection)
            if not idle:
                del self._idle[origin]
        if self._idle:
            self._tidying = self._loop.call_later(KEPT_S / 2, self._tidy)


def _resolver(pool: Pool) -> AbstractResolver:
    return ThreadedResolver() if pool is Pool.DEPLOYERS else Guarded(destinations.for_operators(), has_tls=pool is Pool.WITH_TLS)


def _connections(pool: Pool) -> Connections:
    return Connections(_resolver(pool))


_pools = {pool: loops.OneEach(partial(_connections, pool)) for pool in Pool}


async def close_client() -> None:
    """Close the connections of this event loop."""
    for pool in _pools.values():
        if connections := pool.taken_away():
            connections.close()


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _of_digits(origin: Origin) -> list[AddrInfoType]:
    try:
        ipaddress.ip_address(origin.host)
    except ValueError:
        return []
    return [_found(origin.host, origin.port)]


def _found(host: str, port: int) -> AddrInfoType:
    is_v6 = ":" in host
    where: tuple[str, int, int, int] | tuple[str, int] = (host, port, 0, 0) if is_v6 else (host, port)
    return socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", where
