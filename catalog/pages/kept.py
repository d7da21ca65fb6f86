"""What pages compute from the catalog and its prices, kept in this process until either changes.

Every recomputing of prices and every change of the catalog counts its version up, so one cheap query says whether what is
kept still holds; it does so for one 5-minute interval at most, since spans end with "now". What is kept is shared between
requests: read it, never change it.
"""

import threading
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TypeVar, cast

from catalog import versions
from catalog.energy.delivered import slot_of
from clod_site.lib import clock

MOST = 250  # figures of up to 60 kB, tables of a few hundred

Value = TypeVar("Value")
_lock = threading.Lock()
_values: dict[Hashable, object] = {}
_making: dict[Hashable, threading.Lock] = {}
_stamp: tuple[int, datetime] | None = None


def once(key: Hashable, make: Callable[[], Value]) -> Value:
    """What ``make`` answers, made once for as long as it holds; who asks meanwhile waits for it. One query.

    ``make`` may ask for other values, never for its own.
    """
    stamp = versions.current(), slot_of(clock.now())
    with _lock:
        _renew(stamp)
        if key in _values:
            return cast(Value, _values[key])
        making = _making.setdefault(key, threading.Lock())
    with making:
        with _lock:
            if _stamp == stamp and key in _values:
                return cast(Value, _values[key])
        value = make()
        with _lock:
            _keep(stamp, key, value)
    return value


def forget() -> None:
    global _stamp
    with _lock:
        _values.clear()
        _making.clear()
        _stamp = None


def _renew(stamp: tuple[int, datetime]) -> None:
    global _stamp
    if _stamp != stamp:
        _values.clear()
        _making.clear()
        _stamp = stamp


def _keep(stamp: tuple[int, datetime], key: Hashable, value: object) -> None:
    if _stamp != stamp:
        return
    _values[key] = value
    _making.pop(key, None)
    if len(_values) > MOST:
        del _values[next(iter(_values))]
