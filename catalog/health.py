"""Which endpoints are left out for a while because they failed. Known per process; nothing here is a truth about money.

An endpoint that fails three times in a row is ejected for ten seconds, then for twice as long each time, up to five
minutes. When its time is over it is half open: one call, the probe, tries it again while the others go elsewhere. An answer
brings it back, a failure ejects it anew; a probe that hears nothing for thirty seconds, or whose client leaves, makes room for the next.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime

from clod_site.lib import clock

log = logging.getLogger("catalog.health")

FAILURES_TO_EJECT = 3
FIRST_EJECTION_S = 10.0
LONGEST_EJECTION_S = 300.0
PROBE_S = 30.0

_lock = threading.Lock()
_failures: dict[int, int] = {}
_ejected_until: dict[int, float] = {}
_probed_until: dict[int, float] = {}
_returned_at: dict[int, datetime] = {}


def returned(at: Mapping[int, datetime]) -> None:
    """Operators put these endpoints back into service, and when: what failed before they did no longer counts."""
    for endpoint_id, instant in at.items():
        if _returned_at.get(endpoint_id) != instant:
            _returned_at[endpoint_id] = instant
            answered(endpoint_id)


def may_try(endpoint_id: int) -> bool:
    """Whether a call may go there now. The first that may after an ejection is the probe: it must end in one of the next three."""
    if endpoint_id not in _ejected_until:
        return True
    with _lock:
        now = clock.monotonic()
        if max(_ejected_until.get(endpoint_id, 0.0), _probed_until.get(endpoint_id, 0.0)) > now:
            return False
        _probed_until[endpoint_id] = now + PROBE_S
        return True


def answered(endpoint_id: int) -> None:
    if not (_failures or _ejected_until):
        return
    with _lock:
        _failures.pop(endpoint_id, None)
        _probed_until.pop(endpoint_id, None)
        if _ejected_until.pop(endpoint_id, None) is not None:
            log.info("Endpoint %d answers again.", endpoint_id)


def failed(endpoint_id: int) -> None:
    with _lock:
        if _ejected_until.get(endpoint_id, 0.0) > clock.monotonic():
            return  # it was on its way when the endpoint was ejected: one outage, one ejection
        _probed_until.pop(endpoint_id, None)
        count = _failures[endpoint_id] = _failures.get(endpoint_id, 0) + 1
        if count >= FAILURES_TO_EJECT:
            duration = min(FIRST_EJECTION_S * 2 ** min(count - FAILURES_TO_EJECT, 10), LONGEST_EJECTION_S)
            _ejected_until[endpoint_id] = clock.monotonic() + duration
            log.warning("Endpoint %d has failed %d times in a row and is left out for %d s.", endpoint_id, count, duration)


def left(endpoint_id: int) -> None:
    """A call ended there without our learning anything: its client left."""
    with _lock:
        _probed_until.pop(endpoint_id, None)


def unavailable() -> frozenset[int]:
    """The endpoints that are ejected now, or half open with their probe on its way."""
    if not _ejected_until:
        return frozenset()
    now = clock.monotonic()
    with _lock:
        return frozenset(
            endpoint_id for endpoint_id, until in _ejected_until.items() if max(until, _probed_until.get(endpoint_id, 0.0)) > now
        )


def forget() -> None:
    with _lock:
        _failures.clear()
        _ejected_until.clear()
        _probed_until.clear()
        _returned_at.clear()
