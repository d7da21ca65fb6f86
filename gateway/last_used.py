"""When a key was last used, to the minute: written in the background, never on the way of a call."""

import logging
from uuid import UUID

from django.db import DatabaseError

from clod_site.lib import clock
from gateway import snapshots
from projects import keys

log = logging.getLogger("gateway.last_used")

EVERY_S = 60.0
MAX_KEYS = 50_000
_written: dict[UUID, float] = {}


def note(api_key_id: UUID) -> None:
    """Write down that the key is in use, unless that was done in the last minute."""
    now = clock.monotonic()
    if now - _written.get(api_key_id, -EVERY_S) < EVERY_S:
        return
    if len(_written) >= MAX_KEYS:
        _written.clear()
    _written[api_key_id] = now
    snapshots.in_background(_write, api_key_id)


def forget() -> None:
    _written.clear()


def _write(api_key_id: UUID) -> None:
    try:
        keys.touch(api_key_id)
    except DatabaseError as error:
        log.warning("The last use of a key could not be written: %s", error)
