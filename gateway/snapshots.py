"""What the event loop knows without asking the database: the catalog, and the grants of the keys in use.

The catalog is replaced as a whole by a thread that compares its version every second; a grant is read again before it is a
second old, behind the backs of those who use it. When the database is away the last known catalog and grants go on serving
(the ledger decides about money, and it refuses without its database), and a key never seen before is told 503.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import Error as DatabaseAway
from django.db import connection, connections

from catalog import health, snapshot
from catalog.snapshot import Catalog
from clod_site.lib import clock
from gateway.errors import Unavailable
from projects import grants
from projects.grants import Grant
from studio import tokens

log = logging.getLogger("gateway.snapshots")
Result = TypeVar("Result")

MAX_AGE_S = 1.0
AHEAD_S = 0.7  # a grant of this age is read again behind the backs of those who use it, so that nobody waits for it in the end
READ_WITHIN_S = 1.5
STALE_AFTER_S = 0.1  # how long a grant that was read lately is waited for: the ledger, which comes next, needs the rest of two seconds
LATELY_S = 30.0
OLD_AFTER_S = 1.0  # and how long another one
MAX_GRANTS = 50_000
_readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="gateway-reader")


async def read(
    query: Callable[..., Result], *arguments: object, within_s: float | None = None, readers: ThreadPoolExecutor = _readers
) -> Result:
    """Run a database query off the event loop, on a connection that is given back afterwards. Unavailable when the database is: when it
    has not answered within READ_WITHIN_S or the given time."""
    try:
        async with asyncio.timeout(READ_WITHIN_S if within_s is None else within_s):
            return await asyncio.get_running_loop().run_in_executor(readers, _read, query, *arguments)
    except (TimeoutError, DatabaseAway) as error:
        raise Unavailable("The database does not answer. Try again in a moment.", retry_after_s=1) from error


def _read(query: Callable[..., Result], *arguments: object) -> Result:
    try:
        return query(*arguments)
    finally:
        if not connection.in_atomic_block:
            connections.close_all()


# --- the catalog -------------------------------------------------------------------------------


class _CatalogWatch:
    """Holds the newest catalog. Its thread runs from the first use until ``forget``."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self.compared_at: float | None = None  # with the database, on the clock that never jumps

    def current(self) -> Catalog | None:
        return self._catalog

    def first(self) -> Catalog:
        """The catalog, read only if nobody has done so yet: of many first callers one reads for all. Blocks."""
        with self._lock:
            known = self._catalog
        return known or self.load()

    def load(self) -> Catalog:
        """The newest catalog, read now if its version has moved on. Blocks."""
        with self._lock:
            catalog = self._catalog
            if catalog is None or snapshot.version() != catalog.version:
                catalog = self._catalog = snapshot.load()
                health.returned(catalog.returned())
            self.compared_at = clock.monotonic()
            if self._thread is None:
                self._stopped.clear()
                self._thread = threading.Thread(target=self._watch, name="gateway-catalog", daemon=True)
                self._thread.start()
            return catalog

    def forget(self) -> None:
        """Stop watching; the next use reads everything again."""
        self._stopped.set()
        if self._thread:
            self._thread.join()
        self._thread = self._catalog = self.compared_at = None

    def _watch(self) -> None:
        while not self._stopped.wait(MAX_AGE_S):
            try:
                _read(self.load)
            except DatabaseAway as error:
                log.warning("The catalog could not be refreshed; the last one stays in force: %s", error)
            except Exception:
                log.exception("The catalog cannot be loaded; the last one stays in force.")


_watch = _CatalogWatch()


async def catalog() -> Catalog:
    known = _watch.current()
    return await _first_catalog() if known is None else known


def catalog_age_s() -> float | None:
    """How long ago the catalog was compared with the database's; None before it was loaded."""
    return None if _watch.compared_at is None else clock.monotonic() - _watch.compared_at


async def _first_catalog() -> Catalog:
    try:
        return await read(_watch.first)
    except Unavailable:
        raise
    except Exception as error:
        log.exception("The catalog cannot be loaded.")
        raise Unavailable("The catalog of models cannot be loaded right now. Try again in a moment.", retry_after_s=5) from error


# --- grants ------------------------------------------------------------------------------------


class _Grants:
    """Grants by token, each at most a second old. Concurrent first uses of one key read it once.

    A known grant that cannot be read again in time goes on serving. Tokens that open nothing are remembered apart, so that
    whoever tries many of them does not push out the ones in use.
    """

    def __init__(self, load: Callable[[str], Grant | None]) -> None:
        self._load = load
        self._known: dict[str, tuple[float, Grant | None]] = {}
        self._unknown: dict[str, tuple[float, Grant | None]] = {}
        self._loading: dict[str, asyncio.Task[Grant | None]] = {}
        self._has_failed = False  # the database, when it was asked last

    async def get(self, token: str) -> Grant | None:
        read_at, grant = self._known.get(token) or self._unknown.get(token) or (float("-inf"), None)
        age_s = clock.monotonic() - read_at
        if age_s < AHEAD_S:
            return grant
        loading = self._reload(token)
        if age_s < MAX_AGE_S:
            return grant
        patience_s = STALE_AFTER_S if age_s < LATELY_S or self._has_failed else OLD_AFTER_S
        await asyncio.wait([loading], timeout=patience_s if grant else None)
        has_failed = not loading.done() or loading.exception() is not None
        return grant if grant and has_failed else loading.result()

    def _reload(self, token: str) -> "asyncio.Task[Grant | None]":
        loading = self._loading.get(token)
        if loading is None or loading.get_loop() is not asyncio.get_running_loop():
            loading = self._loading[token] = asyncio.create_task(self._read(token))
            loading.add_done_callback(lambda task: self._loaded(token, task))
        return loading

    async def _read(self, token: str) -> Grant | None:
        began = clock.monotonic()
        try:
            grant = await read(self._load, token)
        except Unavailable:
            self._has_failed = True
            raise
        self._has_failed = False
        kept, other = (self._known, self._unknown) if grant else (self._unknown, self._known)
        other.pop(token, None)
        if len(kept) >= MAX_GRANTS:
            kept.clear()
        kept[token] = (began, grant)
        return grant

    def _loaded(self, token: str, task: "asyncio.Task[Grant | None]") -> None:
        self._loading.pop(token, None)
        if not task.cancelled():
            task.exception()  # seen here, where nobody has waited for it

    def forget(self) -> None:
        self._known.clear()
        self._unknown.clear()


def _studio_grant(token: str) -> Grant | None:
    found = tokens.find(token)
    return grants.of_project(found.project, found.user_id, found.expires_at) if found else None


_of_keys = _Grants(grants.of_key)
_of_studio = _Grants(_studio_grant)
grant_of_key = _of_keys.get
grant_of_studio = _of_studio.get


def forget() -> None:
    """Start from nothing: the next call reads everything again."""
    _watch.forget()
    _of_keys.forget()
    _of_studio.forget()
