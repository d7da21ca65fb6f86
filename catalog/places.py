"""How many calls run at each endpoint now, and whether there is a place for one more. Counted per process."""

import threading

_lock = threading.Lock()
_taken: dict[int, int] = {}
_full: set[int] = set()


class Place:
    """One call's place at an endpoint, until it leaves."""

    def __init__(self, endpoint_id: int) -> None:
        self._endpoint_id: int | None = endpoint_id

    def leave(self) -> None:
        """Only the first time counts."""
        with _lock:
            if self._endpoint_id is not None:
                _vacate(self._endpoint_id)
                self._endpoint_id = None


def take(endpoint_id: int, most: int) -> Place | None:
    """A place there, None when ``most`` calls run already."""
    with _lock:
        running = _taken.get(endpoint_id, 0)
        if running >= most:
            return None
        _taken[endpoint_id] = running + 1
        if running + 1 >= most:
            _full.add(endpoint_id)
        return Place(endpoint_id)


def running(endpoint_id: int) -> int:
    """How many calls of this process run there now."""
    return _taken.get(endpoint_id, 0)


def full() -> frozenset[int]:
    """The endpoints that have no place now."""
    return frozenset(_full) if _full else frozenset()


def _vacate(endpoint_id: int) -> None:
    _full.discard(endpoint_id)
    running = _taken[endpoint_id] - 1
    if running:
        _taken[endpoint_id] = running
    else:
        del _taken[endpoint_id]
