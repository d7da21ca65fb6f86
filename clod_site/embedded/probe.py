"""Is something answering at a loopback address yet?"""

import http.client
import time
import urllib.error
import urllib.request

from clod_site.lib import clock

_EVERY_S = 0.1
_ONE_TRY_S = 5
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy from the environment cannot see our loopback


def answers(url: str, within_s: float) -> bool:
    """Whether ``url`` gives an answer that is no server error before ``within_s`` seconds are over."""
    deadline = clock.monotonic() + within_s
    while clock.monotonic() < deadline:
        if _status(url) < 500:
            return True
        time.sleep(_EVERY_S)
    return False


def _status(url: str) -> int:
    """The HTTP status; 599 for no answer at all."""
    try:
        with _direct.open(url, timeout=_ONE_TRY_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except (OSError, http.client.HTTPException):
        return 599
