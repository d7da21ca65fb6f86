"""Names for aiohttp, as far as ``destinations`` lets them be reached.

aiohttp connects to the addresses a resolver gives it and to no other, so what is looked at here is where the bytes go, also when the
name stands for something else a moment later. An address in digits is never looked up: ask ``destinations.checked`` about its words.
"""

import socket

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from clod_site.lib import destinations
from clod_site.lib.destinations import Rules


class Reachable(AbstractResolver):
    """Names by ``names``, else by this machine's resolver. Raises Denied, which fails a call as a refused connection does."""

    def __init__(self, rules: Rules, *, has_tls: bool = True, names: AbstractResolver | None = None) -> None:
        self._rules, self._has_tls = rules, has_tls
        self._names = names or ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        found = await self._names.resolve(host, port, family)
        destinations.allowed(host, [one["host"] for one in found], self._rules, has_tls=self._has_tls)
        return found

    async def close(self) -> None:
        await self._names.close()
