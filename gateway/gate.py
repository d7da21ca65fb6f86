"""How many connections may be open, in all and from one address, and how much of their bodies may be in memory. Per process.

When there are too many, one that is waiting for a request (idle, or half-way through its headers) makes room, the oldest
first: whoever opens thousands and says nothing keeps nobody out. A newcomer is refused only when all are being served.
"""

from collections import Counter
from typing import Protocol

from clod_site.lib.at_hand import settings
from clod_site.lib.refusal import Refusal
from gateway.errors import TooBusy, TooManyConnections


class Connection(Protocol):
    neighbourhood: str  # who shares it has one limit; empty: no limit

    def make_room(self) -> None:
        """Close, now."""


class Gate:
    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._waiting: dict[str, dict[Connection, None]] = {}  # by neighbourhood, oldest first
        self._oldest: dict[Connection, None] = {}
        self._count = self._body_bytes = 0

    @property
    def connections(self) -> int:
        return self._count

    @property
    def body_bytes(self) -> int:
        return self._body_bytes

    def enter(self, connection: Connection) -> Refusal | None:
        """Count a new connection, or say why it cannot stay."""
        neighbours, most = connection.neighbourhood, settings.CLOD_MAX_CONNECTIONS_PER_ADDRESS
        if neighbours and self._open[neighbours] >= most and not self._clear(self._waiting.get(neighbours, {})):
            return TooManyConnections(most)
        if self._count >= settings.CLOD_MAX_CONNECTIONS and not self._clear(self._oldest):
            return TooBusy()
        self._count += 1
        self._open[neighbours] += 1
        self.waits(connection)
        return None

    def leave(self, connection: Connection) -> None:
        """Of one that had entered."""
        self.serves(connection)
        self._count -= 1
        self._open[connection.neighbourhood] -= 1
        if not self._open[connection.neighbourhood]:
            del self._open[connection.neighbourhood]

    def waits(self, connection: Connection) -> None:
        """It has no request under way."""
        self._waiting.setdefault(connection.neighbourhood, {})[connection] = None
        self._oldest[connection] = None

    def serves(self, connection: Connection) -> None:
        """It has one now."""
        if connection in self._oldest:
            del self._oldest[connection]
            waiting = self._waiting[connection.neighbourhood]
            del waiting[connection]
            if not waiting:
                del self._waiting[connection.neighbourhood]

    def take(self, body_bytes: int) -> bool:
        """Whether there is room for so many bytes more; negative to give them back."""
        self._body_bytes += body_bytes
        most: int = settings.CLOD_MAX_BODIES_BYTES
        return self._body_bytes <= most

    def _clear(self, waiting: dict[Connection, None]) -> bool:
        connection = next(iter(waiting), None)
        if connection is None:
            return False
        connection.make_room()
        return True


gate = Gate()
