"""The row of the charging table that a call's early end belongs to: its status, whether it is paid for, what the client hears."""

import asyncio
import logging

from activity.models import Status
from clod_site.lib.at_hand import settings
from clod_site.lib.refusal import Refusal
from gateway.errors import ShuttingDown, Unexpected, UpstreamFailed, UpstreamRefused, UpstreamTooSlow
from gateway.record import Ending

log = logging.getLogger("gateway")


def after(error: BaseException, request_id: str, *, delivered: bool, is_unread: bool, is_shutting_down: bool) -> Ending:
    """``delivered``: a part of a stream had reached the client; ``is_unread``: it left no room for more."""
    if isinstance(error, asyncio.CancelledError):
        return _cancelled(delivered, is_shutting_down)
    if isinstance(error, UpstreamRefused):
        return Ending(Status.REJECTED.value, is_charged=False, error=error)
    status = Status.TRUNCATED.value if delivered else Status.UPSTREAM_ERROR.value
    return Ending(status, is_charged=delivered, error=_failure(error, request_id, is_unread))


def _cancelled(delivered: bool, is_shutting_down: bool) -> Ending:
    if is_shutting_down:
        return Ending(Status.TRUNCATED.value if delivered else Status.UPSTREAM_ERROR.value, is_charged=delivered, error=ShuttingDown())
    return Ending(Status.CLIENT_CLOSED.value, is_charged=delivered, error=None)


def _failure(error: BaseException, request_id: str, is_unread: bool) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, TimeoutError) and is_unread:
        return UpstreamTooSlow(f"The answer was not read within {settings.CLOD_UPSTREAM_DEADLINE_S} seconds. Read it faster.")
    if isinstance(error, TimeoutError):
        return UpstreamTooSlow(f"The model did not finish within {settings.CLOD_UPSTREAM_DEADLINE_S} seconds.")
    if isinstance(error, OSError):
        return UpstreamFailed("The model's server broke off in the middle of its answer.")
    log.error("%s failed in the gateway itself", request_id, exc_info=error)
    return Unexpected()
