"""Which endpoints are left out for a while because they failed. Known per process; nothing here is a truth about money.

An endpoint that fails three times in a row is ejected for ten seconds, then for twice as long each time, up to five
minutes. When its time is over the next call tries it again: an answer brings it back, a failure ejects it anew.
"""

import threading

from clod_site.lib import clock

FAILURES_TO_EJECT = 3
FIRST_EJECTION_S = 10.0
LONGEST_EJECTION_S = 300.0

_lock = threading.Lock()
_failures: dict[int, int] = {}
_ejected_until: dict[int, float] = {}


def failed(endpoint_id: int) -> None:
    with _lock:
        if _ejected_until.get(endpoint_id, 0.0) > clock.monotonic():
            return  # it was on its way when the endpoint was ejected: one outage, one ejection
        count = _failures[endpoint_id] = _failures.get(endpoint_id, 0) + 1
        if count >= FAILURES_TO_EJECT:
            duration = min(FIRST_EJECTION_S * 2 ** min(count - FAILURES_TO_EJECT, 10), LONGEST_EJECTION_S)
            _ejected_until[endpoint_id] = clock.monotonic() + duration


def answered(endpoint_id: int) -> None:
    with _lock:
        _failures.pop(endpoint_id, None)
        _ejected_until.pop(endpoint_id, None)


def unavailable() -> frozenset[int]:
    """The endpoints that are ejected now."""
    if not _ejected_until:
        return frozenset()
    now = clock.monotonic()
    with _lock:
        return frozenset(endpoint_id for endpoint_id, until in _ejected_until.items() if until > now)


def forget() -> None:
    with _lock:
        _failures.clear()
        _ejected_until.clear()
