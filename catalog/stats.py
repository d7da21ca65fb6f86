"""How fast endpoints have answered lately: time-decayed means, known per process, nothing but a hint for the strategies.

A measurement counts half as much ten minutes later. An endpoint that nobody has called for an hour is forgotten: it is
"not measured" to the strategies again, so that one bad hour does not keep it out for ever.
"""

import threading
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from clod_site.lib import clock

HALF_LIFE_S = 600.0
FORGET_AFTER_S = 3600.0


class Observed(msgspec.Struct, frozen=True):
    """An endpoint's means. ``weight`` is how many calls they stand for, old ones counted less; ``at`` is monotonic seconds."""

    ttft_ms: float
    tokens_per_s: float
    weight: float
    at: float


_lock = threading.Lock()
_observed: dict[int, Observed] = {}
_swept_at = 0.0


def observe(endpoint_id: int, ttft_ms: float, tokens_per_s: float) -> None:
    """Take one answered call into account. Constant time; any thread."""
    now = clock.monotonic()
    with _lock:
        _observed[endpoint_id] = _blend(_observed.get(endpoint_id), ttft_ms, tokens_per_s, now)


def current() -> Mapping[int, Observed]:
    """What is known now, by endpoint id; a live, read-only view."""
    _forget_old(clock.monotonic())
    return MappingProxyType(_observed)


def forget() -> None:
    global _swept_at
    with _lock:
        _observed.clear()
        _swept_at = 0.0


def _blend(before: Observed | None, ttft_ms: float, tokens_per_s: float, now: float) -> Observed:
    if before is None:
        return Observed(ttft_ms, tokens_per_s, 1.0, now)
    kept = before.weight * 0.5 ** ((now - before.at) / HALF_LIFE_S)
    weight = kept + 1.0
    return Observed((before.ttft_ms * kept + ttft_ms) / weight, (before.tokens_per_s * kept + tokens_per_s) / weight, weight, now)


def _forget_old(now: float) -> None:
    """At most once a minute."""
    global _swept_at
    if now - _swept_at < 60:
        return
    with _lock:
        _swept_at = now
        for endpoint_id in [endpoint_id for endpoint_id, seen in _observed.items() if now - seen.at > FORGET_AFTER_S]:
            del _observed[endpoint_id]
