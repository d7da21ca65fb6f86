"""How fast endpoints have answered lately, for the strategies: time-decayed percentiles of real calls, of all processes together.

    observe   after a call: what was measured
    current   before a call: the median of each endpoint, and more
    share     once per process, where there is Redis: from then on every two seconds

A measurement counts half as much ten minutes later. An endpoint that nobody has called for an hour is forgotten: it is
"not measured" to the strategies again, so that one bad hour does not keep it out for ever. Nothing but a hint: while Redis
is away each process goes on with what it has, and adds what it measured meanwhile when Redis is back.
"""

import logging
import threading
from collections.abc import Iterator, Mapping

import msgspec
from redis.exceptions import RedisError

from catalog import tallies
from catalog.shared_tallies import SharedTallies
from catalog.tallies import RATE, TTFT, Tallies, Weights
from clod_site.lib import clock
from clod_site.lib.at_hand import settings

log = logging.getLogger("catalog.stats")

FORGET_AFTER_S = 3600.0
SWEEP_EVERY_S = 60.0
SHARE_EVERY_S = 2.0


class Observed(msgspec.Struct, frozen=True):
    """An endpoint's median time to the first token, median tokens per second, and the time 95 % of first tokens take at most.

    None is "not measured lately": whole answers tell nothing of their first token, and embeddings nothing of either.
    """

    ttft_ms: float | None
    tokens_per_s: float | None
    ttft_ms_p95: float | None = None


_lock = threading.Lock()
_tallies = Tallies(0)
_observed: dict[int, Observed] = {}
_unsent: Weights = {}
_sharing: "_Sharing | None" = None
_swept_at = 0.0


def observe(endpoint_id: int, *, ttft_ms: float | None = None, tokens_per_s: float | None = None) -> None:
    """Take one answered call into account. Constant time; any thread."""
    if ttft_ms is None and tokens_per_s is None:
        return
    now = clock.seconds()
    weight, measured = tallies.weight_at(now), []
    if ttft_ms is not None:
        measured.append(((endpoint_id, TTFT, tallies.bucket(ttft_ms)), weight))
    if tokens_per_s is not None:
        measured.append(((endpoint_id, RATE, tallies.bucket(tokens_per_s)), weight))
    with _lock:
        _advance(now)
        _tallies.add(measured)
        _tallies.seen(endpoint_id, now)
        _observed.pop(endpoint_id, None)
        if _sharing:
            for field, _ in measured:
                _unsent[field] = _unsent.get(field, 0.0) + weight


def current() -> Mapping[int, Observed]:
    """What is known now, by endpoint id; a live, read-only view."""
    now = clock.seconds()
    if now - _swept_at >= SWEEP_EVERY_S:
        _forget_old(now)
    return _VIEW


class _View(Mapping[int, Observed]):
    """Percentiles are computed when somebody asks for them, and kept until the next measurement."""

    def __getitem__(self, endpoint: int) -> Observed:
        if known := _observed.get(endpoint):
            return known
        with _lock:
            if endpoint not in _tallies.seen_at:
                raise KeyError(endpoint)
            found = _observed[endpoint] = _read(_tallies, endpoint)
        return found

    def __iter__(self) -> Iterator[int]:
        return iter(list(_tallies.seen_at))

    def __len__(self) -> int:
        return len(_tallies.seen_at)


_VIEW = _View()


def forget() -> None:
    """Start from nothing in this process; what others have measured stays in Redis."""
    global _tallies, _swept_at
    with _lock:
        _tallies, _swept_at = Tallies(0), 0.0
        _observed.clear()
        _unsent.clear()


def _advance(now: float) -> None:
    """A window's weights begin at 1 again; what is not sent by then is of no weight any more."""
    if tallies.window_of(now) > _tallies.window:
        _tallies.advance(tallies.window_of(now))
        _unsent.clear()


def _read(found: Tallies, endpoint: int) -> Observed:
    times, rates = found.percentile(endpoint, TTFT, 0.5), found.percentile(endpoint, RATE, 0.5)
    return Observed(times, rates, found.percentile(endpoint, TTFT, 0.95))


def _forget_old(now: float) -> None:
    global _swept_at
    with _lock:
        _swept_at = now
        for endpoint in [endpoint for endpoint, at in _tallies.seen_at.items() if now - at > FORGET_AFTER_S]:
            _tallies.forget(endpoint)
            _observed.pop(endpoint, None)
            for field in [field for field in _unsent if field[0] == endpoint]:
                del _unsent[field]


# --- with all other processes ----------------------------------------------------------------------


def share() -> None:
    """Begin to share with the processes on the same Redis, if there is one. Safe to call twice."""
    global _sharing
    if settings.REDIS_URL and _sharing is None:
        _sharing = _Sharing(SharedTallies(settings.REDIS_URL))


def stop_sharing() -> None:
    """Send what is left, and let go of Redis."""
    global _sharing
    if _sharing:
        _sharing.stop()
        _sharing = None


class _Sharing:
    """A thread that sends what this process has measured and takes what all have."""

    def __init__(self, shared: SharedTallies) -> None:
        self._shared = shared
        self._is_away = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="endpoint-stats", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._shared.close()

    def _run(self) -> None:
        while not self._stopped.wait(SHARE_EVERY_S):
            self._exchange()
        self._exchange()

    def _exchange(self) -> None:
        now = clock.seconds()
        with _lock:
            _advance(now)
            sent, seen = dict(_unsent), {field[0]: _tallies.seen_at[field[0]] for field in _unsent}
            _unsent.clear()
        try:
            everybody = self._shared.exchange(sent, seen, tallies.window_of(now))
        except (RedisError, OSError) as error:
            self._lost(sent, error)
        else:
            self._found(everybody)

    def _found(self, everybody: Tallies) -> None:
        """Theirs and ours, and what was measured here while Redis was asked."""
        global _tallies
        if self._is_away:
            log.warning("Redis is back; endpoints are measured together again.")
            self._is_away = False
        with _lock:
            if everybody.window < _tallies.window:
                return  # a new window began meanwhile: the next exchange brings it
            everybody.add(_unsent.items())
            for endpoint in {field[0] for field in _unsent}:
                everybody.seen(endpoint, _tallies.seen_at[endpoint])
            _tallies = everybody
            _observed.clear()

    def _lost(self, sent: Weights, error: Exception) -> None:
        if not self._is_away:
            log.warning("Redis is away (%s); this process goes on with its own measurements.", str(error) or type(error).__name__)
            self._is_away = True
        with _lock:
            for field, weight in sent.items():
                if field[0] in _tallies.seen_at:  # it may have been forgotten meanwhile
                    _unsent[field] = _unsent.get(field, 0.0) + weight
