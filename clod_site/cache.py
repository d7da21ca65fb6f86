"""Django's cache: Redis, and this process's own memory while Redis is away. Nobody waits for it longer than a quarter of a second.

What is kept here may be lost: figures that are computed again, and how often somebody tried to log in, which each process then counts
for itself.
"""

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from clod_site.lib import clock

ANSWERS_WITHIN_S = 0.25
RETRY_AFTER_S = 1.0
log = logging.getLogger("clod.cache")


class RedisOrMemory(RedisCache):
    _away_until: ClassVar[float] = -1.0  # of all threads: Django makes an instance for each

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        patience = {"socket_timeout": ANSWERS_WITHIN_S, "socket_connect_timeout": ANSWERS_WITHIN_S, "retry": Retry(NoBackoff(), 0)}
        super().__init__(server, {**params, "OPTIONS": patience | params.get("OPTIONS", {})})
        self._memory = LocMemCache("while Redis is away", {})

    def _ask(self, deed: str, *args: Any, **options: Any) -> Any:
        now = clock.monotonic()
        if now >= RedisOrMemory._away_until:
            try:
                return getattr(super(), deed)(*args, **options)
            except RedisError as reason:
                log.warning("Redis does not answer (%s); this process caches for itself", type(reason).__name__)
                RedisOrMemory._away_until = now + RETRY_AFTER_S
        return getattr(self._memory, deed)(*args, **options)


def _asking(deed: str) -> Callable[..., Any]:
    def ask(self: RedisOrMemory, *args: Any, **options: Any) -> Any:
        return self._ask(deed, *args, **options)

    return ask


for _deed in ("add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear"):
    setattr(RedisOrMemory, _deed, _asking(_deed))
