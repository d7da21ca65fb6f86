"""The last look before a connection is made to an upstream that an operator has named: see clod_site.lib.destinations."""

import logging
import socket
from functools import lru_cache

from aiohttp.abc import ResolveResult

from clod_site.lib import destinations
from clod_site.lib.destinations import Denied, Rules
from clod_site.lib.reachable import Reachable

log = logging.getLogger("gateway.upstream")


class Guarded(Reachable):
    """Says in the log what it refuses."""

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        try:
            return await super().resolve(host, port, family)
        except Denied as denied:
            log.error("An upstream's address is refused: %s", str(denied))
            raise


@lru_cache(maxsize=1024)
def check(url: str, rules: Rules) -> None:
    """The words of an address: one written in digits is never looked up, so no resolver sees it. Raises Denied."""
    destinations.checked(url, rules)
