"""One line for each page that was answered, and an id on every line that was written for it.

The gateway's own addresses are told by ``gateway.telling``, also where they come through Django.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.utils.functional import LazyObject, empty

from clod_site.lib import clock, ids, log_lines, measures

HEADER = "x-request-id"

seconds = measures.Histogram("clod_page_seconds", "Time to the first byte of a page or of the dashboard's API, by its status.", ("status",))


@sync_and_async_middleware
def page_log(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(get_response):

        async def answered(request: HttpRequest) -> HttpResponseBase:
            began = _begin(request)
            response: HttpResponseBase = await get_response(request)
            return _tell(request, response, began)

        return answered

    def answer(request: HttpRequest) -> HttpResponseBase:
        began = _begin(request)
        return _tell(request, get_response(request), began)

    return answer


def _begin(request: HttpRequest) -> float:
    request.public_id = ids.public("req", ids.uuid7())  # type: ignore[attr-defined]
    log_lines.begin(request_id=request.public_id)  # type: ignore[attr-defined]
    return clock.monotonic()


def _tell(request: HttpRequest, response: HttpResponseBase, began: float) -> HttpResponseBase:
    response.headers.setdefault(HEADER, request.public_id)  # type: ignore[attr-defined]
    if getattr(request, "call", None) is None:
        took_s = clock.monotonic() - began
        seconds.add(took_s, f"{response.status_code // 100}xx")
        if settings.CLOD_ACCESS_LOG:
            route = log_lines.route_of(request)
            what = {"method": request.method, "route": route, "status": response.status_code, "latency_ms": round(took_s * 1000, 1)}
            log_lines.say("clod.pages", "page", **what, **_who(request))
    return response


def _who(request: HttpRequest) -> dict[str, object]:
    """The visitor and their organization, where the page has looked: nothing is read for the log's sake."""
    membership = _looked_up(getattr(request, "membership", None))
    if membership is None:
        return {}
    return {"user": ids.public("user", membership.user_id), "organization": ids.public("org", membership.organization_id)}


def _looked_up(lazy: Any) -> Any:
    if isinstance(lazy, LazyObject):
        return None if lazy._wrapped is empty else lazy._wrapped
    return lazy
