"""One pool of connections per event loop. Nothing else makes connections to an upstream."""

import asyncio

import aiohttp

CONNECT_TIMEOUT_S = 5
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
